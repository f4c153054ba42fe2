import { expect, it } from 'vitest';
import { isMpsServer, mpsLimitRatio, mpsSettings } from '../../src/workload/mps.js';
import type { ProcessIdentity } from '../../src/workload/process-identity.js';

const environment = (...lines: string[]) => lines.map((line) => `${line}\0`).join('');
const named = (comm: string, ...commandLine: string[]): ProcessIdentity => ({
  pid: 1,
  startTicks: 1,
  comm,
  cgroup: undefined,
  namespacePids: undefined,
  commandLine: commandLine.length === 0 ? undefined : commandLine,
});

it('takes from an environment what concerns MPS, and nothing else', () => {
  const text = environment('PASSWORD=x', 'CUDA_MPS_PIPE_DIRECTORY=/run/mps', 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=12.5');
  expect(mpsSettings(text)).toEqual({ pipeDirectory: '/run/mps', activeThreadRatio: 0.125 });
  expect(mpsSettings(environment('HOME=/'))).toEqual({
    pipeDirectory: '/tmp/nvidia-mps',
    activeThreadRatio: undefined,
  });
});

it.each(['', '0', '-5', '101', '1e1', 'all', '50%', '9999'])('takes %j for no percentage', (text) => {
  const line = `CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=${text}`;
  expect(mpsSettings(environment(line)).activeThreadRatio).toBeUndefined();
});

it('knows a server by its name, which the kernel cuts, and its program', () => {
  expect(isMpsServer(named('nvidia-cuda-mps'))).toBe(true);
  expect(isMpsServer(named('nvidia-cuda-mps', '/usr/bin/nvidia-cuda-mps-server'))).toBe(true);
  expect(isMpsServer(named('nvidia-cuda-mps', 'nvidia-cuda-mps-control', '-d'))).toBe(false);
  expect(isMpsServer(named('python3', 'nvidia-cuda-mps-server'))).toBe(false);
});

it('limits a client by its own setting or by its server, whichever is less', () => {
  const client = (activeThreadRatio: number | undefined) => ({ pipeDirectory: '/a', activeThreadRatio });
  const here = { pipeDirectory: '/a', activeThreadRatio: 0.5 };
  const elsewhere = { pipeDirectory: '/b', activeThreadRatio: 0.1 };
  expect(mpsLimitRatio(client(0.25), [here])).toBe(0.25);
  expect(mpsLimitRatio(client(0.75), [here])).toBe(0.5);
  expect(mpsLimitRatio(client(undefined), [here])).toBe(0.5);
  expect(mpsLimitRatio(client(undefined), [])).toBeUndefined();
  // A container has its server's directory at a place of its own: with one server there is no doubt.
  expect(mpsLimitRatio(client(0.75), [elsewhere])).toBe(0.1);
  expect(mpsLimitRatio(client(0.75), [elsewhere, here])).toBe(0.5);
  // What may not be read is not taken for unlimited.
  expect(mpsLimitRatio(undefined, [here])).toBeUndefined();
});

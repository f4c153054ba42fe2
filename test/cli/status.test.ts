import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { width } from '../../src/cli/text.js';
import { nodeView } from '../../src/http/documents/node.js';
import { finding, fullState, gpu, podWorkload, readings, runningState, startingState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

const run = mkdtempSync(join(tmpdir(), 'gna-status-'));
afterAll(() => rmSync(run, { recursive: true, force: true }));
/** No agent can answer here: the commands read the state they are given. */
const alone = [`--path.run=${run}`, '--web.listen-address=127.0.0.1:0'];

describe('status', () => {
  it('is a page a person wants to read', async () => {
    const { out, code } = await runCommand(['status', ...alone], { state: fullState(), columns: 80 });
    expect(out).toBe(`\
SIMULATED NODE (scenario=dgx-a100-mig seed=1 branch=550.54.15): no GPU here is real.

driver 550.54.15 · open kernel module · CUDA 12.4 · 2 GPUs
no agent answered; this was read just now
released: GPU-00000000-0000-0000-0000-000000000001, for another 9 min

critical  GPU 0 has not answered nvmlDeviceGetPowerUsage for 61 seconds.
          (gpu_call_stuck, for 16 min)
          → Drain the node, then reset GPU 0.

stuck: nvmlDeviceGetPowerUsage of GPU 0 has not come back for 61 s [process 78,
thread 80 (D), asleep in os_acquire_rwlock_write]

GPU  NAME          CONDITION  UTIL      MEMORY        POWER   TEMP  USED BY
  0  A100-SXM4-8…  stuck      50 %  1 / 80 GiB  251 / 400 W  41 °C  research/ll…
  1  A100-SXM4-8…  excluded      –           –            –      –  research/ll…
  GPU 0: nvmlDeviceGetPowerUsage has not come back for 61 seconds
  GPU 1: released

KIND   GPU  PROFILE       MEMORY  SM LIMIT  UTIL  HELD BY         ID
mig      0  3g.40gb  10 / 40 GiB      38 %  25 %  research/llm-…  MIG-00000000-…
share    1  –          1 / 8 GiB      30 %     –  research/llm-…  GPU-00000000-…
`);
    expect(code).toBe(1);
  });

  it('leaves columns out on a narrow terminal', async () => {
    const { out } = await runCommand(['status', ...alone], { state: fullState(), columns: 40 });
    const lines = out.split('\n').slice(2);
    expect(Math.max(...lines.slice(2).map(width))).toBeLessThanOrEqual(50);
    expect(out).toContain(`\
GPU  CONDITION  UTIL      MEMORY
  0  stuck      50 %  1 / 80 GiB
  1  excluded      –           –
`);
  });

  it('shows everything where the output is no terminal', async () => {
    const { out } = await runCommand(['gpus', ...alone], { state: runningState() });
    expect(out).toBe(`\
No agent answered; this was read just now.

GPU  NAME            CONDITION  UTIL      MEMORY        POWER   TEMP  USED BY
  0  A100-SXM4-80GB  up         50 %  1 / 80 GiB  251 / 400 W  41 °C  –
  1  A100-SXM4-80GB  up         50 %  2 / 80 GiB  251 / 400 W  42 °C  –
`);
  });

  it('says why there is nothing to show', async () => {
    const { driver } = startingState();
    const message = 'libnvidia-ml.so.1 was not found in /usr/lib64';
    const state = startingState({ driver: { ...driver, state: 'library_missing', lastCode: 12, message } });
    const { out, code } = await runCommand(['status', ...alone], { state });
    expect(out).toBe(`\
no NVIDIA driver: its library is not there · no agent answered; this was read just now
libnvidia-ml.so.1 was not found in /usr/lib64

No GPUs: libnvidia-ml.so.1 was not found in /usr/lib64.
`);
    expect(code).toBe(0);
  });

  it('gives findings of severity info no exit code', async () => {
    const state = runningState({ findings: [finding({ severity: 'info' })] });
    expect((await runCommand(['status', ...alone], { state })).code).toBe(0);
  });

  it('colours only where colours are wanted', async () => {
    const state = fullState();
    expect((await runCommand(['status', ...alone], { state })).out).not.toContain('\u001b');
    const { out } = await runCommand(['status', ...alone], { state, colours: true, columns: 80 });
    expect(out).toContain('\u001b[31mstuck\u001b[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    const plain = out.replace(/\u001b\[\d+m/g, '');
    expect(plain).toBe((await runCommand(['status', ...alone], { state, columns: 80 })).out);
  });

  it('gives the document as JSON', async () => {
    const { out } = await runCommand(['status', '--json', ...alone], { state: fullState() });
    expect(JSON.parse(out)).toEqual(nodeView(fullState()));
  });
});

it('ends with 3 when the driver said nothing until the deadline, and says what is known', async () => {
  const { sampling } = startingState();
  const reason = 'the sampler could not be started: no such file';
  const state = startingState({ sampling: { ...sampling, state: 'unavailable', reason } });
  for (const command of ['status', 'gpus', 'partitions', 'shares']) {
    const { out, code } = await runCommand([command, ...alone], { state });
    expect([code, out]).toEqual([3, expect.stringContaining(`: ${reason}.\n`)]);
  }
  const json = await runCommand(['gpus', '--json', ...alone], { state });
  expect([json.code, JSON.parse(json.out).gpus]).toEqual([3, []]);
});

it('says of a driver that hangs from the start what it hangs in', async () => {
  const [call] = fullState().sampling.stuckCalls;
  if (call === undefined) throw new Error('the full state has a stuck call');
  const stuckCalls = [{ ...call, lane: 'control' as const, gpuIndex: undefined, function: 'nvmlInitWithFlags' }];
  const state = startingState({ sampling: { ...startingState().sampling, stuckCalls } });
  const { out, code } = await runCommand(['status', ...alone], { state });
  expect(code).toBe(3);
  expect(out).toMatch(/^the driver does not answer: nvmlInitWithFlags hangs · /);
});

it('lists shares with what is claimed beside what is true', async () => {
  const { out } = await runCommand(['shares', ...alone], { state: fullState() });
  expect(out).toContain(`\
GPU  HELD BY               LIMIT  REPORTED  ACTUAL  SM LIMIT  UTIL  PRIORITY  BLOCKED
  1  research/llm-0/train  8 GiB     1 GiB   2 GiB      30 %     –         0  no
`);
});

it('gives lists as JSON', async () => {
  for (const [name, count] of [
    ['gpus', 2],
    ['partitions', 2],
    ['shares', 1],
  ] as const) {
    const { out } = await runCommand([name, '--json', ...alone], { state: fullState() });
    const document = JSON.parse(out);
    expect(document[name]).toHaveLength(count);
    expect(document.simulated).toBe(fullState().simulated);
  }
});

describe('hostile names', () => {
  const evil = '\u001b]0;owned\u0007\u001b[2Jtrain\r\nGPU 9 is fine\u202egnp\u0085';

  it('cannot write to the terminal', async () => {
    const state = runningState({
      gpus: [gpu(0, { name: evil, condition: 'failed', conditionReason: evil, readings: readings({}) })],
      partitions: [],
      workloads: [podWorkload({ name: evil })],
      findings: [finding({ reason: evil, nextStep: evil, code: evil })],
      simulated: evil,
      driver: { ...runningState().driver, message: evil, driverVersion: evil },
      sampling: { ...fullState().sampling, reason: evil, released: [{ gpu: evil, untilUnixSeconds: undefined }] },
    });
    for (const columns of [undefined, 60]) {
      for (const command of ['status', 'gpus', 'partitions', 'shares']) {
        const { out } = await runCommand([command, ...alone], { state, columns });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
        expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
        expect(out.split('\n')).not.toContainEqual(expect.stringMatching(/^GPU 9 is fine/));
      }
    }
    expect((await runCommand(['status', ...alone], { state })).out).toContain('\\u001b]0;owned\\u0007');
  });
});

import { afterEach, expect, it } from 'vitest';
import { openNode } from '../../simulator/node.mjs';
import type { NodeState } from '../../src/model/node-state.js';
import { smRatioOf } from '../../src/model/process-use.js';
import { allUp, LiveAgent } from '../supervisor/live-agent.js';

/** What the driver does not say of processes, or says and cannot be, is not known: the real sampler on such a driver. */

const GRAPHICS = 91002;
let agent: LiveAgent;
afterEach(() => agent.dispose());

/** The desk with a graphics card: processes that draw on GPU 0, one that computes on GPU 1. */
async function desk(): Promise<LiveAgent> {
  agent = new LiveAgent('rtx-desk');
  await agent.start();
  return agent;
}

const drawing = ({ use, workloads }: NodeState) => {
  const owner = workloads.find(({ pids }) => pids.includes(GRAPHICS))?.id;
  return use.workloads.find(({ workload }) => workload === owner);
};
const sum = (state: NodeState) => state.use.workloads.find(({ gpuIndex }) => gpuIndex === 0)?.memoryByteSeconds ?? 0;

it('a process does not end because the list it is in cannot be read', { timeout: 60_000 }, async () => {
  const one = await desk();
  const before = await one.until('use of who draws', (state) => allUp(state) && drawing(state)?.ended === false, 20);
  const whole = ({ partitions }: NodeState) =>
    partitions.find(({ kind, gpuIndex }) => kind === 'whole' && gpuIndex === 0);
  expect(whole(before)?.allocated).toBe(true);

  one.simulator('fault', '--function', 'nvmlDeviceGetGraphicsRunningProcesses_v3', '--gpu', '0', '--code', '10');
  const failed = await one.until('a list that failed', ({ gpus }) => gpus[0]?.processes.length === 0, 20);
  expect(failed.gpus[0]?.readings.absence('graphics_processes')).toBe('timeout');
  expect(whole(failed)?.allocated).toBeUndefined();
  // An account that is not in the newest look by more than a second has ended.
  const later = (failed.gpus[0]?.lastCollectionUnixSeconds as number) + 2;
  const still = await one.until('two seconds', ({ gpus }) => (gpus[0]?.lastCollectionUnixSeconds ?? 0) > later, 20);
  expect(still.use.workloads.filter(({ gpuIndex }) => gpuIndex === 0).map(({ ended }) => ended)).toEqual([false]);

  one.simulator('clear');
  const after = await one.until('the list', (state) => sum(state) > sum(still), 20);
  // The time between is made up for: at least two seconds with 1.5 GiB.
  expect(sum(after) - sum(still)).toBeGreaterThan(2 * 1.5e9);
});

it('a process of which the driver gives impossible samples is not taken for idle', { timeout: 60_000 }, async () => {
  const one = await desk();
  await one.until('all GPUs up', allUp, 20);
  const node = openNode(one.directory);
  node.startProcess({ gpu: 1, pid: 91501, type: 'compute', usedBytes: 1e9, smPercent: 101 });
  node.startProcess({ gpu: 1, pid: 91502, type: 'compute', usedBytes: 1e9 });
  const ratio = (state: NodeState, pid: number) => {
    const gpu = state.gpus[1];
    return gpu?.processes.some((process) => process.pid === pid) ? smRatioOf(gpu, pid) : 'not there';
  };
  const seen = (state: NodeState) => state.gpus[1]?.processUses.some(({ pid }) => pid === 91501) === true;
  const state = await one.until('a sample of it', seen, 20);
  expect([91501, 91502, 91003].map((pid) => ratio(state, pid))).toEqual([undefined, 0, 0.97]);
  expect(state.gpus[1]?.readings.get('process_utilization_samples')).toBe(1);
});

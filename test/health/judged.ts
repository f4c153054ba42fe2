import type { Judged } from '../../src/health/rule.js';
import type { Gpu, GpuCondition } from '../../src/model/gpu.js';
import type { StuckCall } from '../../src/model/node-state.js';
import { node } from '../metrics/states.js';

/** A driver call that is stuck on GPU 0. */
export const call = (change: Partial<StuckCall>): StuckCall => ({
  samplerPid: 77,
  lane: 'gpu',
  gpuIndex: 0,
  gpuUuid: 'GPU-0',
  gpuPciBusId: undefined,
  function: 'nvmlDeviceGetPowerUsage',
  verdict: 'stuck',
  seconds: 12,
  tid: 80,
  threadState: 'D',
  wchan: 'rwsem_down_read',
  syscallNumber: 16,
  ...change,
});

/** A GPU of which only the condition matters. */
export const gpu = (index: number, condition: GpuCondition): Gpu =>
  ({ index, uuid: `GPU-${index}`, condition, pciBusId: undefined, lastXid: undefined }) as unknown as Gpu;

const { driver, sampling, ...rest } = node({
  atUnixSeconds: 1000,
  atMonotonicSeconds: 50,
  gpus: [gpu(0, 'up'), gpu(1, 'up')],
});
/** A node with two GPUs of which nothing is worth saying. */
export const WELL: Judged = {
  ...rest,
  driver: { ...driver, gpuCount: 2 },
  sampling: { ...sampling, processes: [], ageSeconds: 0 },
  callsInForce: [],
  samplerLimit: undefined,
  setAside: [],
  indexesInDoubt: [],
};

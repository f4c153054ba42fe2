import type { Judged } from '../../src/health/rule.js';
import type { Gpu, GpuCondition } from '../../src/model/gpu.js';
import type { StuckCall } from '../../src/model/node-state.js';
import { NODE_READING_TABLE, Readings } from '../../src/model/readings.js';

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

/** A node with two GPUs of which nothing is worth saying. */
export const WELL: Judged = {
  atUnixSeconds: 1000,
  atMonotonicSeconds: 50,
  agent: { version: '0', startedUnixSeconds: 0, pid: 1 },
  simulated: undefined,
  driver: {
    state: 'initialized',
    lastCode: 0,
    message: undefined,
    libraryPath: '/x',
    librarySoname: undefined,
    libraryVersion: undefined,
    moduleVersion: undefined,
    kernelModule: undefined,
    driverVersion: '550',
    nvmlVersion: '12',
    cudaVersion: '12.4',
    gpuCount: 2,
    gpusUnread: undefined,
    symbolsMissing: 0,
    foreignSymbols: 0,
    initAttempts: 1,
    reinitializations: 0,
    reinitializationsByReason: {},
    readings: Readings.none(NODE_READING_TABLE),
  },
  sampling: {
    state: 'running',
    reason: undefined,
    processes: [],
    stuckCalls: [],
    released: [],
    ageSeconds: 0,
    cycleSeconds: 1,
    restarts: 0,
  },
  gpus: [gpu(0, 'up'), gpu(1, 'up')],
  partitions: [],
  processes: [],
  workloads: [],
  use: { workloads: [], unattributed: [] },
  pci: [],
  baseline: { gpus: [], notKept: undefined },
  hami: undefined,
  events: [],
  eventsLost: 0,
  eventsWaiting: 0,
  xidFaults: [],
  switchFaults: [],
  kernelLog: { unreadable: undefined, lines: 0, overwritten: 0 },
  switchedOff: [],
  sources: [],
  calls: [],
  callsInForce: [],
  samplerLimit: undefined,
  setAside: [],
  indexesInDoubt: [],
};

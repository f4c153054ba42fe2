import type { Finding } from '../../src/model/finding.js';
import type { Gpu } from '../../src/model/gpu.js';
import { NOT_JUDGED } from '../../src/model/node-health.js';
import type { NodeState } from '../../src/model/node-state.js';
import type { Partition } from '../../src/model/partition.js';
import {
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NODE_READING_TABLE,
  NOT_ASKED,
  Readings,
} from '../../src/model/readings.js';
import type { Workload } from '../../src/model/workload.js';
import type { ReadingId } from '../../src/native/readings.generated.js';
import { pciFunction } from '../pci-function.js';
import { readingsOf } from '../readings.js';
import { NO_ROUNDS } from '../rounds.js';

/** Readings with these values; all others are absent. */
export function readings(values: Partial<Record<ReadingId, number>>): Readings {
  return readingsOf(GPU_READINGS, values, NOT_ASKED);
}

/** A GPU that is up and half busy. */
export function gpu(index: number, changes: Partial<Gpu> = {}): Gpu {
  return {
    index,
    uuid: `GPU-00000000-0000-0000-0000-00000000000${index}`,
    name: 'NVIDIA A100-SXM4-80GB',
    serial: `165042300010${index}`,
    pciBusId: `0000:0${index}:00.0`,
    vbiosVersion: undefined,
    boardPartNumber: undefined,
    inforomImageVersion: undefined,
    gspFirmwareVersion: undefined,
    fabricClusterUuid: undefined,
    platformChassisSerial: undefined,
    condition: 'up',
    conditionReason: undefined,
    lastCollectionUnixSeconds: 1_800_000_000,
    ageSeconds: 0.25,
    readings: readings({
      memory_total_bytes: 80 * 2 ** 30,
      memory_used_bytes: (index + 1) * 2 ** 30,
      utilization_ratio: 0.5,
      power_watts: 250.5,
      power_limit_enforced_watts: 400,
      temperature_celsius: 41 + index,
    }),
    migInstances: [],
    migProfiles: [],
    links: [],
    c2cLinks: [],
    fans: [],
    peers: [],
    processes: [],
    processUses: [],
    processTotal: 0,
    xids: [],
    lastXid: undefined,
    eventCounts: {},
    ...changes,
  };
}

/** The whole of a GPU. */
export function partition(gpuIndex: number, changes: Partial<Partition> = {}): Partition {
  return {
    id: `GPU-00000000-0000-0000-0000-00000000000${gpuIndex}`,
    kind: 'whole',
    gpuUuid: `GPU-00000000-0000-0000-0000-00000000000${gpuIndex}`,
    gpuIndex,
    pciBusId: `0000:0${gpuIndex}:00.0`,
    migUuid: undefined,
    profile: undefined,
    memoryTotalBytes: 80 * 2 ** 30,
    memoryUsedBytes: 2 ** 30,
    smLimitRatio: undefined,
    utilizationRatio: undefined,
    allocated: undefined,
    workloads: [],
    share: undefined,
    ...changes,
  };
}

/** A container of a pod. */
export function podWorkload(changes: Partial<Workload> = {}): Workload {
  return {
    id: '11111111-2222-3333-4444-555555555555/train',
    kind: 'pod',
    name: 'research/llm-0/train',
    pids: [4242],
    podUid: '11111111-2222-3333-4444-555555555555',
    namespace: 'research',
    pod: 'llm-0',
    container: 'train',
    vm: undefined,
    unit: undefined,
    command: 'python',
    namedBy: 'cgroup',
    ...changes,
  };
}

/** A finding about GPU 0. */
export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    code: 'gpu_call_stuck',
    severity: 'critical',
    subject: { kind: 'gpu', id: 'GPU-00000000-0000-0000-0000-000000000000' },
    sinceUnixSeconds: 1_799_999_000,
    condition: 'present',
    flapping: undefined,
    mutedBy: undefined,
    reason: 'GPU 0 has not answered nvmlDeviceGetPowerUsage for 61 seconds.',
    evidence: { function: 'nvmlDeviceGetPowerUsage', seconds: 61 },
    action: 'drain',
    nextStep: 'Drain the node, then reset GPU 0.',
    docs: 'docs/findings.md#gpu_call_stuck',
    ...changes,
  };
}

/** A node without anything, before the driver answered. */
export function startingState(changes: Partial<NodeState> = {}): NodeState {
  return {
    atUnixSeconds: 1_800_000_000.25,
    atMonotonicSeconds: 1_000,
    agent: { version: '1.2.3', startedUnixSeconds: 1_799_990_000, pid: 77 },
    simulated: undefined,
    driver: {
      state: 'starting',
      lastCode: 0,
      message: undefined,
      libraryPath: undefined,
      librarySoname: undefined,
      libraryVersion: undefined,
      moduleVersion: undefined,
      kernelModule: undefined,
      driverVersion: undefined,
      nvmlVersion: undefined,
      cudaVersion: undefined,
      gpuCount: undefined,
      gpusUnread: undefined,
      symbolsMissing: 0,
      foreignSymbols: 0,
      initAttempts: 0,
      reinitializations: 0,
      reinitializationsByReason: {},
      readings: Readings.none(NODE_READING_TABLE),
    },
    sampling: {
      state: 'starting',
      reason: undefined,
      processes: [],
      stuckCalls: [],
      released: [],
      ageSeconds: undefined,
      cycleSeconds: 1,
      restarts: 0,
    },
    gpus: [],
    partitions: [],
    workloads: [],
    processes: [],
    use: { workloads: [], unattributed: [] },
    findings: [],
    health: NOT_JUDGED,
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
    topologyVersion: 1,
    ...changes,
  };
}

/** A node whose driver answers, with these changes. */
export function runningState(changes: Partial<NodeState> = {}): NodeState {
  const { driver, sampling } = startingState();
  return startingState({
    driver: {
      ...driver,
      state: 'initialized',
      libraryPath: '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1',
      libraryVersion: '580.65.06',
      moduleVersion: '580.65.06',
      kernelModule: 'open',
      driverVersion: '550.54.15',
      nvmlVersion: '12.550.54.15',
      cudaVersion: '12.4',
      gpuCount: 2,
      initAttempts: 1,
    },
    sampling: {
      ...sampling,
      state: 'running',
      ageSeconds: 0.25,
      processes: [{ pid: 78, generation: 1, role: 'active', excluded: [], startedUnixSeconds: 1_799_990_000 }],
    },
    gpus: [gpu(0), gpu(1)],
    partitions: [partition(0), partition(1)],
    ...changes,
  });
}

/** A node on which everything that a document can say is said once. */
export function fullState(): NodeState {
  const base = runningState();
  const uuid = base.gpus[0]?.uuid;
  return runningState({
    simulated: 'scenario=dgx-a100-mig seed=1 branch=550.54.15',
    sampling: {
      ...base.sampling,
      released: [{ gpu: 'GPU-00000000-0000-0000-0000-000000000001', untilUnixSeconds: 1_800_000_600 }],
      stuckCalls: [
        {
          samplerPid: 78,
          lane: 'gpu',
          gpuIndex: 0,
          gpuUuid: uuid,
          gpuPciBusId: '0000:65:00.0',
          function: 'nvmlDeviceGetPowerUsage',
          verdict: 'stuck',
          seconds: 61.5,
          tid: 80,
          threadState: 'D',
          wchan: 'os_acquire_rwlock_write',
          syscallNumber: 16,
        },
      ],
    },
    gpus: [
      gpu(0, {
        condition: 'stuck',
        conditionReason: 'nvmlDeviceGetPowerUsage has not come back for 61 seconds',
        migInstances: [
          {
            uuid: 'MIG-00000000-0000-0000-0000-000000000007',
            migIndex: 0,
            gpuInstance: 1,
            computeInstance: 0,
            profile: '3g.40gb',
            name: 'NVIDIA A100-SXM4-80GB MIG 3g.40gb',
            readings: readingsOf(MIG_INSTANCE_READINGS, {
              multiprocessors: 42,
              gpu_slices: 3,
              memory_total_bytes: 40 * 2 ** 30,
              memory_used_bytes: 10 * 2 ** 30,
            }),
          },
        ],
        processes: [{ pid: 4242, type: 'compute', usedMemoryBytes: 2 ** 29, gpuInstance: 1, computeInstance: 0 }],
        processTotal: 1,
        xids: [{ xid: 119, count: 2, source: 'nvml' }],
        lastXid: { xid: 119, atUnixSeconds: 1_799_999_000 },
        eventCounts: { performance_state: 3 },
      }),
      gpu(1, { condition: 'excluded', conditionReason: 'released', readings: readings({}) }),
    ],
    partitions: [
      partition(0, {
        id: 'MIG-00000000-0000-0000-0000-000000000007',
        kind: 'mig',
        profile: '3g.40gb',
        memoryTotalBytes: 40 * 2 ** 30,
        memoryUsedBytes: 10 * 2 ** 30,
        smLimitRatio: 0.375,
        utilizationRatio: 0.25,
        allocated: true,
        workloads: [podWorkload().id],
      }),
      partition(1, {
        id: `${base.gpus[1]?.uuid}/11111111-2222-3333-4444-555555555555/train`,
        kind: 'share',
        memoryTotalBytes: 8 * 2 ** 30,
        memoryUsedBytes: 2 ** 30,
        smLimitRatio: 0.3,
        allocated: true,
        workloads: [podWorkload().id],
        share: {
          podUid: '11111111-2222-3333-4444-555555555555',
          container: 'train',
          layout: '1.2',
          reportedBytes: 2 ** 30,
          contextBytes: 2 ** 20,
          moduleBytes: 2 ** 21,
          bufferBytes: 2 ** 22,
          actualBytes: 2 ** 31,
          priority: 0,
          blocked: false,
          lastKernelUnixSeconds: 1_799_999_999,
          processes: [{ pid: 1, hostPid: 4242 }],
        },
      }),
    ],
    workloads: [podWorkload()],
    processes: [{ pid: 4242, startedUnixSeconds: 1_799_995_000.5, name: 'python' }],
    findings: [finding()],
    pci: [pciFunction('0000:00:00.0', { deviceId: 0x20b2, driver: 'nvidia', iommuGroup: 7, numaNode: 0 })],
    hami: {
      directories: 2,
      files: 1,
      refused: [{ directory: '/usr/local/vgpu/containers/x_y', reason: 'size_unknown' }],
      refusedByReason: { size_unknown: 1 },
      truncated: false,
    },
    events: [
      {
        gpuUuid: uuid,
        gpuIndex: 0,
        atUnixSeconds: 1_799_999_000,
        id: 'kh3-0',
        kind: 'xid',
        code: 119,
        gpuInstance: undefined,
        computeInstance: undefined,
        source: 'nvml',
        logText: undefined,
        pid: undefined,
        processName: undefined,
        text: "XID 119: the GPU's firmware (GSP) did not answer the driver",
      },
    ],
    eventsLost: 5,
    eventsWaiting: 0,
    xidFaults: [],
    switchFaults: [],
    kernelLog: { unreadable: undefined, lines: 0, overwritten: 0 },
    switchedOff: [],
    sources: [
      {
        name: 'hami',
        ok: false,
        lastAnswerUnixSeconds: 1_699_999_999,
        durationSeconds: 0.01,
        rounds: NO_ROUNDS,
        message: 'one file refused',
      },
    ],
    calls: [
      {
        function: 'nvmlDeviceGetPowerUsage',
        results: { success: 10, timeout: 1 },
        durationBuckets: [1, 2, 3, 4, 5, 6, 10, 11],
        durationSumSeconds: 0.5,
      },
    ],
  });
}

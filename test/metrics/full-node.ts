import type { Finding, FindingSubject, Severity } from '../../src/model/finding.js';
import type { NodeState, Rounds } from '../../src/model/node-state.js';
import { MIG_INSTANCE_READINGS, NODE_READING_TABLE, Readings } from '../../src/model/readings.js';
import { pciFunction } from '../pci-function.js';
import { readingsOf } from '../readings.js';
import {
  ALL_READINGS,
  c2cLink,
  fan,
  gpu,
  migInstance,
  migProfile,
  node,
  nvlink,
  partition,
  peer,
  processUse,
  readings,
  workload,
} from './states.js';

const finding = (code: string, severity: Severity, subject: FindingSubject): Finding => ({
  code,
  severity,
  subject,
  sinceUnixSeconds: 1_699_999_900,
  condition: 'present',
  flapping: undefined,
  mutedBy: undefined,
  reason: 'It is so.',
  evidence: {},
  action: 'watch',
  nextStep: 'Look.',
  docs: `docs/findings.md#${code}`,
});

const WHOLE = gpu(0, {
  name: 'NVIDIA H100 80GB HBM3',
  serial: '1650122000001',
  pciBusId: '0000:18:00.0',
  vbiosVersion: '96.00.61.00.01',
  boardPartNumber: '692-2G520-0200-000',
  inforomImageVersion: 'G520.0200.00.05',
  gspFirmwareVersion: '550.54.15',
  fabricClusterUuid: '51000000-0000-0000-0000-0000000000fa',
  platformChassisSerial: '1820425190105',
  readings: readings({ ...ALL_READINGS, nvlink_links: 2, c2c_links: 2 }),
  // One link whose counters are read, one that nobody asked: the first alone is counted.
  links: [nvlink(0), nvlink(1, { state: 0 })],
  c2cLinks: [c2cLink(0), c2cLink(1, { up: 0 })],
  fans: [fan(0), fan(1, { speed_ratio: 1.02 })],
  // A pair of which the driver knows everything, one of which it does not know a capability.
  peers: [peer(1), peer(2, { topology_level: 10, p2p_pci_status: 6 })],
  processUses: [processUse(7001, 0.75), processUse(7002, 0.5)],
  processes: [
    { pid: 7001, type: 'compute', usedMemoryBytes: 9_000_000_000, gpuInstance: undefined, computeInstance: undefined },
    { pid: 7001, type: 'graphics', usedMemoryBytes: 9_000_000_000, gpuInstance: undefined, computeInstance: undefined },
    { pid: 7002, type: 'compute', usedMemoryBytes: 500_000_000, gpuInstance: undefined, computeInstance: undefined },
  ],
  processTotal: 3,
  xids: [
    { xid: 79, count: 1, source: 'kmsg' },
    { xid: 13, count: 4, source: 'nvml' },
  ],
  lastXid: { xid: 79, atUnixSeconds: 1_700_000_000 },
  eventCounts: { xid: 4, poison_fatal: 2, mig_config_change: 1 },
});

const SPLIT = gpu(1, {
  name: 'NVIDIA A100-SXM4-80GB',
  pciBusId: '0000:2a:00.0',
  readings: readings({
    mig_mode_enabled: 1,
    mig_mode_pending: 1,
    memory_total_bytes: 85_899_345_920,
    memory_used_bytes: 12_000_000_000,
    compute_processes: 1,
    clocks_event_reasons: 0,
    gpm_pcie_transmit_bytes_per_second: 1_500_000,
    gpm_pcie_receive_bytes_per_second: 2_500_000,
    nvlink_transmit_data_bytes_total: 4_096_000,
    nvlink_crc_flit_errors_total: 5,
  }),
  migProfiles: [migProfile('3g.40gb', { available: 1 }), migProfile('1g.10gb', { capacity: 7, available: undefined })],
  migInstances: [migInstance(1, { readings: Readings.none(MIG_INSTANCE_READINGS) }), migInstance(0)],
  processes: [{ pid: 7100, type: 'compute', usedMemoryBytes: undefined, gpuInstance: 2, computeInstance: 0 }],
  processTotal: 1,
});

const LOST = gpu(2, {
  condition: 'lost',
  conditionReason: 'GPU is lost',
  name: 'NVIDIA H100 80GB HBM3',
  // As it was when it still answered: none of it may be shown.
  readings: readings({ temperature_celsius: 99, busy_seconds_total: 5, brand: 14 }),
  lastCollectionUnixSeconds: 1_699_999_900,
  xids: [{ xid: 79, count: 1, source: 'nvml' }],
  lastXid: { xid: 79, atUnixSeconds: 1_699_999_901.5 },
});

const SHARED = gpu(10, {
  uuid: 'GPU-51000000-0000-0000-0000-000000000010',
  name: 'Tesla T4',
  readings: readings({ utilization_ratio: 0, compute_processes: 0, graphics_processes: 0, mps_processes: 0 }),
});

const SHARE_ID = `${SHARED.uuid}/0f3c/wor"ker`;

/** Rounds of a source: 4 within a millisecond, 2 within ten. */
const ROUNDS: Rounds = {
  durationBuckets: [0, 0, 4, 6, 6, 6, 6, 6],
  durationSumSeconds: 0.0235,
  errors: {},
  skipped: {},
};

/** A node with one GPU of each kind, each subject of the catalogue with at least one row, names that need escaping. */
export const FULL_NODE: NodeState = node({
  simulated: 'scenario=mixed seed=1 branch=550.54.15',
  gpus: [SHARED, WHOLE, SPLIT, LOST],
  driver: {
    ...node().driver,
    gpuCount: 4,
    librarySoname: 'libnvidia-ml.so.1',
    reinitializations: 3,
    reinitializationsByReason: { gpu_not_found: 2, other: 1 },
    readings: readingsOf(NODE_READING_TABLE, {
      confidential_compute_enabled: 1,
      confidential_compute_environment: 2,
      confidential_compute_devtools_enabled: 0,
      confidential_compute_multi_gpu_mode: 1,
      confidential_compute_cpu_capability: 3,
      confidential_compute_ready: 1,
      confidential_key_rotation_threshold: 1_152_921_504_606_846,
    }),
  },
  pci: [
    pciFunction('0000:18:00.0', { driver: 'nvidia', iommuGroup: 1, numaNode: 0 }),
    pciFunction('0000:2a:00.0', { deviceId: 0x20b2, driver: 'nvidia', iommuGroup: 2, numaNode: 0 }),
    pciFunction('0000:3b:00.0', { deviceId: 0x1eb8, driver: 'vfio-pci', iommuGroup: 3, numaNode: 1 }),
  ],
  partitions: [
    partition(SHARE_ID, {
      kind: 'share',
      gpuUuid: SHARED.uuid,
      gpuIndex: 10,
      memoryTotalBytes: 4_294_967_296,
      memoryUsedBytes: 1_000_000_000,
      smLimitRatio: 0.3,
      allocated: true,
      workloads: ['0f3c/wor"ker'],
      share: {
        podUid: '0f3c',
        container: 'wor"ker',
        layout: 'v1.2',
        reportedBytes: 900_000_000,
        contextBytes: 100_000_000,
        moduleBytes: 20_000_000,
        bufferBytes: 700_000_000,
        actualBytes: 1_000_000_000,
        priority: 1,
        blocked: false,
        lastKernelUnixSeconds: 1_699_999_990,
        processes: [],
      },
    }),
    partition(WHOLE.uuid as string, {
      gpuUuid: WHOLE.uuid,
      gpuIndex: 0,
      pciBusId: '0000:18:00.0',
      memoryTotalBytes: 85_520_809_984,
      memoryUsedBytes: 21_250_000_000,
      utilizationRatio: 0.87,
      allocated: true,
      workloads: ['unit-train', 'process-7002-99'],
    }),
    partition('MIG-51000000-0000-0000-0000-0000000000a0', {
      kind: 'mig',
      migUuid: 'MIG-51000000-0000-0000-0000-0000000000a0',
      gpuUuid: SPLIT.uuid,
      gpuIndex: 1,
      profile: '3g.40gb',
      memoryTotalBytes: 42_300_000_000,
      smLimitRatio: 0.375,
      allocated: false,
      workloads: ['process-7100-5'],
    }),
    partition('pci-0000:3b:00.0', {
      kind: 'passthrough',
      pciBusId: '0000:3b:00.0',
      allocated: true,
      workloads: ['vm-a'],
    }),
  ],
  workloads: [
    workload('0f3c/wor"ker', {
      kind: 'pod',
      name: 'line\nbreak',
      namespace: 'ml',
      pod: 'back\\slash',
      container: 'wor"ker',
      pids: [7200],
      namedBy: 'hami',
    }),
    workload('unit-train', {
      kind: 'unit',
      name: 'train.service',
      unit: 'train.service',
      pids: [7001],
      namedBy: 'cgroup',
    }),
    workload('process-7002-99', { name: 'python3', pids: [7002] }),
    workload('process-7100-5', { name: 'sh', pids: [7100] }),
    // Twice the same labels: only one of them can be printed.
    workload('process-7002-99', { name: 'python3', pids: [7002] }),
    workload('vm-a', { kind: 'vm', name: 'a', vm: 'a', pids: [8000], namedBy: 'cmdline' }),
  ],
  processes: [
    { pid: 7001, startedUnixSeconds: 1_699_999_100, name: 'tr"ain\\er' },
    { pid: 7100, startedUnixSeconds: undefined, name: 'sh' },
  ],
  use: {
    workloads: [
      {
        workload: 'unit-train',
        partition: WHOLE.uuid as string,
        gpuUuid: WHOLE.uuid as string,
        gpuIndex: 0,
        sinceUnixSeconds: 1_699_999_100.5,
        busySeconds: 310.25,
        observedSeconds: 620.5,
        memoryByteSeconds: 1.25e13,
        energyJoules: 98_765.125,
        ended: false,
      },
      {
        workload: 'process-7100-5',
        partition: 'MIG-51000000-0000-0000-0000-0000000000a0',
        gpuUuid: SPLIT.uuid as string,
        gpuIndex: 1,
        sinceUnixSeconds: 1_699_999_200.75,
        busySeconds: undefined,
        observedSeconds: undefined,
        memoryByteSeconds: 3.5e12,
        energyJoules: undefined,
        ended: true,
      },
    ],
    unattributed: [{ gpuUuid: WHOLE.uuid as string, energyJoules: 91_135_802.766 }],
  },
  hami: {
    directories: 5,
    files: 4,
    refused: [{ directory: 'x_y', reason: 'size_unknown' }],
    refusedByReason: { size_unknown: 1 },
    truncated: false,
  },
  eventsLost: 7,
  eventsWaiting: 3,
  switchedOff: [],
  sources: [
    {
      name: 'nvml',
      ok: true,
      lastAnswerUnixSeconds: 1_699_999_999,
      durationSeconds: 0.0125,
      message: undefined,
      rounds: ROUNDS,
    },
    {
      name: 'hami',
      ok: false,
      lastAnswerUnixSeconds: 1_699_999_999,
      durationSeconds: 0.5,
      rounds: { ...ROUNDS, errors: { timeout: 2 }, skipped: { busy: 3 } },
      message: 'no such directory',
    },
  ],
  sampling: {
    ...node().sampling,
    processes: [
      ...node().sampling.processes,
      { pid: 4300, generation: 0, role: 'stuck', excluded: [], startedUnixSeconds: 1_699_999_000 },
    ],
    restarts: 1,
    stuckCalls: [
      {
        samplerPid: 4300,
        lane: 'gpu',
        gpuIndex: 2,
        gpuUuid: LOST.uuid,
        gpuPciBusId: undefined,
        function: 'nvmlDeviceGetFieldValues',
        verdict: 'stuck',
        seconds: 12,
        tid: 4302,
        threadState: 'D',
        wchan: 'rpc_wait',
        syscallNumber: 16,
      },
      {
        samplerPid: 4300,
        lane: 'control',
        gpuIndex: undefined,
        gpuUuid: undefined,
        gpuPciBusId: undefined,
        function: 'nvmlShutdown',
        verdict: 'slow',
        seconds: 6,
        tid: 4301,
        threadState: 'S',
        wchan: undefined,
        syscallNumber: undefined,
      },
    ],
  },
  findings: [
    finding('gpu_lost', 'critical', { kind: 'gpu', id: LOST.uuid ?? '' }),
    finding('gpu_missing', 'critical', { kind: 'gpu', id: 'GPU-51000000-0000-0000-0000-00000000009f' }),
    // Two about the node with one code are one line; what is muted is none.
    finding('usage_file_refused', 'info', { kind: 'node', id: 'hami/symlink' }),
    finding('usage_file_refused', 'info', { kind: 'node', id: 'hami/short' }),
    finding('some_rule', 'warning', { kind: 'workload', id: 'pod-1/main' }),
    {
      ...finding('gpu_call_slow', 'info', { kind: 'gpu', id: WHOLE.uuid ?? '' }),
      mutedBy: 'health.mute: gpu_call_slow',
    },
  ],
  health: {
    node: { status: 'unhealthy', action: 'drain', because: ['gpu_lost', 'gpu_missing'] },
    gpus: [
      { id: WHOLE.uuid ?? '', status: 'healthy', action: 'none', because: [] },
      { id: LOST.uuid ?? '', status: 'unhealthy', action: 'drain', because: ['gpu_lost'] },
      {
        id: 'GPU-51000000-0000-0000-0000-00000000009f',
        status: 'unhealthy',
        action: 'check_hardware',
        because: ['gpu_missing'],
      },
    ],
    partitions: [],
    raisedByCode: { gpu_lost: 2, gpu_missing: 1 },
    changes: [{ gpu: LOST.uuid ?? '', from: 'healthy', to: 'unhealthy', count: 2 }],
  },
  calls: [
    {
      function: 'nvmlDeviceGetPowerUsage',
      results: { success: 1000, not_supported: 7, timeout: 0 },
      durationBuckets: [900, 990, 1000, 1003, 1004, 1005, 1006, 1007],
      durationSumSeconds: 14.5,
    },
    {
      function: 'dlopen',
      results: { success: 1 },
      durationBuckets: [0, 0, 0, 1, 1, 1, 1, 1],
      durationSumSeconds: 0.004,
    },
  ],
});

import type { C2cLink, Fan, Gpu, MigInstance, MigProfile, NvLink, Peer, ProcessUse } from '../../src/model/gpu.js';
import { type HealthStatus, NOT_JUDGED, type NodeHealth } from '../../src/model/node-health.js';
import type { NodeState, NodeStateSource } from '../../src/model/node-state.js';
import type { Partition } from '../../src/model/partition.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NODE_READING_TABLE,
  NOT_ASKED,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
  Readings,
  type ReadingTable,
} from '../../src/model/readings.js';
import type { Workload } from '../../src/model/workload.js';
import type {
  C2cLinkReadingId,
  FanReadingId,
  LinkReadingId,
  MigReadingId,
  PeerReadingId,
  ReadingId,
} from '../../src/native/readings.generated.js';
import { readingsOf } from '../readings.js';

/** Readings where only the named ones are there; status 3 is the driver's "not supported". */
export function readings(values: Partial<Record<ReadingId, number>>): Readings {
  return readingsOf(GPU_READINGS, values);
}

/** A GPU that answers and of which nothing else is known. */
export function gpu(index: number, more: Partial<Gpu> = {}): Gpu {
  return {
    index,
    uuid: `GPU-51000000-0000-0000-0000-00000000000${index}`,
    name: undefined,
    serial: undefined,
    pciBusId: undefined,
    vbiosVersion: undefined,
    boardPartNumber: undefined,
    inforomImageVersion: undefined,
    gspFirmwareVersion: undefined,
    fabricClusterUuid: undefined,
    platformChassisSerial: undefined,
    condition: 'up',
    conditionReason: undefined,
    lastCollectionUnixSeconds: 1_700_000_000.5,
    ageSeconds: 0.25,
    readings: readings({}),
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
    ...more,
  };
}

/** A partition of which only the place is known. */
export function partition(id: string, more: Partial<Partition> = {}): Partition {
  return {
    id,
    kind: 'whole',
    gpuUuid: undefined,
    gpuIndex: undefined,
    pciBusId: undefined,
    migUuid: undefined,
    profile: undefined,
    memoryTotalBytes: undefined,
    memoryUsedBytes: undefined,
    smLimitRatio: undefined,
    utilizationRatio: undefined,
    allocated: undefined,
    workloads: [],
    share: undefined,
    ...more,
  };
}

/** A workload that has only a name. */
export function workload(id: string, more: Partial<Workload> = {}): Workload {
  return {
    id,
    kind: 'process',
    name: id,
    pids: [],
    podUid: undefined,
    namespace: undefined,
    pod: undefined,
    container: undefined,
    vm: undefined,
    unit: undefined,
    command: undefined,
    namedBy: 'proc',
    ...more,
  };
}

/** The health of a node on which every GPU that is read is well. */
function judged(gpus: readonly Gpu[]): NodeHealth {
  const status = (condition: string): HealthStatus => (condition === 'up' ? 'healthy' : 'unknown');
  return {
    ...NOT_JUDGED,
    node: { status: 'healthy', action: 'none', because: [] },
    gpus: gpus.map(({ uuid, index, condition }) => ({
      id: uuid ?? String(index),
      status: status(condition),
      action: 'none',
      because: [],
    })),
  };
}

/** A node without GPUs on which the driver runs. */
export function node(more: Partial<NodeState> = {}): NodeState {
  return {
    atUnixSeconds: 1_700_000_001,
    atMonotonicSeconds: 5000,
    agent: { version: '0.1.0', startedUnixSeconds: 1_699_999_000.25, pid: 4321 },
    simulated: undefined,
    driver: {
      state: 'initialized',
      lastCode: 0,
      message: undefined,
      libraryPath: '/usr/lib/libnvidia-ml.so.1',
      librarySoname: undefined,
      libraryVersion: undefined,
      moduleVersion: '550.54.15',
      kernelModule: 'open',
      driverVersion: '550.54.15',
      nvmlVersion: '12.550.54.15',
      cudaVersion: '12.4',
      gpuCount: 0,
      gpusUnread: undefined,
      symbolsMissing: 2,
      foreignSymbols: 0,
      initAttempts: 1,
      reinitializations: 0,
      reinitializationsByReason: {},
      readings: Readings.none(NODE_READING_TABLE),
    },
    sampling: {
      state: 'running',
      reason: undefined,
      processes: [{ pid: 4400, generation: 1, role: 'active', excluded: [], startedUnixSeconds: 1_699_999_001 }],
      stuckCalls: [],
      released: [],
      ageSeconds: 0.5,
      cycleSeconds: 1,
      restarts: 0,
    },
    gpus: [],
    partitions: [],
    workloads: [],
    processes: [],
    use: { workloads: [], unattributed: [] },
    findings: [],
    health: judged(more.gpus ?? []),
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
    ...more,
  };
}

/** A source whose state tests replace. */
export class Source implements NodeStateSource {
  constructor(public state: NodeState) {}

  current(): NodeState {
    return this.state;
  }
}

/** A number for each row of a table, of its own where its unit has room for it. */
function numbered<Id extends string>(table: ReadingTable<Id>): Record<Id, number> {
  const value = (unit: string, index: number) => {
    if (unit === 'bool') return index % 2;
    if (unit === 'enum' || unit === 'mask') return index % 3;
    if (unit === 'ratio') return (index + 1) / 512;
    return index + 0.5 * Number(unit !== 'count' && unit !== 'ordinal');
  };
  return Object.fromEntries(table.rows.map(({ id, unit }, index) => [id, value(unit, index)])) as Record<Id, number>;
}

/** Every reading, with a number of its own where there is room for it. */
export const ALL_READINGS: Readonly<Record<ReadingId, number>> = {
  ...numbered(GPU_READINGS),
  minor_number: 0,
  brand: 14,
  architecture: 9,
  compute_capability_major: 9,
  compute_capability_minor: 0,
  cuda_cores: 16_896,
  module_id: 3,
  numa_node: 1,
  pci_device_id: 0x233010de,
  pci_subsystem_id: 0x16c110de,
  virtualization_mode: 0,
  persistence_mode_enabled: 1,
  compute_mode: 3,
  display_active: 0,
  memory_bus_width_bits: 5120,
  supported_event_types: 0x118,
  memory_total_bytes: 85_520_809_984,
  memory_reserved_bytes: 520_809_984,
  memory_used_bytes: 21_250_000_000,
  memory_free_bytes: 63_750_000_000,
  bar1_memory_total_bytes: 137_438_953_472,
  bar1_memory_used_bytes: 7_340_032,
  bar1_memory_free_bytes: 137_431_613_440,
  utilization_ratio: 0.87,
  memory_controller_utilization_ratio: 0.41,
  utilization_peak_ratio: 1,
  utilization_average_ratio: 0.8625,
  busy_seconds_total: 812.375,
  observed_seconds_total: 998.5,
  encoder_utilization_ratio: 0.02,
  decoder_utilization_ratio: 0.03,
  jpeg_utilization_ratio: 0.04,
  ofa_utilization_ratio: 0.05,
  clock_graphics_hertz: 1_755_000_000,
  clock_sm_hertz: 1_740_000_000,
  clock_memory_hertz: 2_619_000_000,
  clock_video_hertz: 1_545_000_000,
  clock_graphics_max_hertz: 1_980_000_000,
  clock_sm_max_hertz: 1_965_000_000,
  clock_memory_max_hertz: 2_634_000_000,
  clock_video_max_hertz: 1_770_000_000,
  performance_state: 2,
  clocks_event_reasons: 0x104,
  clocks_event_sw_power_cap_seconds_total: 33.125,
  clocks_event_sync_boost_seconds_total: 0,
  clocks_event_sw_thermal_slowdown_seconds_total: 1.5,
  clocks_event_hw_thermal_slowdown_seconds_total: 0.75,
  clocks_event_hw_power_brake_slowdown_seconds_total: 0.0625,
  power_watts: 412.345,
  power_average_watts: 411.5,
  power_instant_watts: 430.25,
  energy_joules_total: 91_234_567.891,
  power_limit_enforced_watts: 650,
  power_limit_requested_watts: 660,
  power_limit_default_watts: 700,
  power_limit_min_watts: 200,
  power_limit_max_watts: 710,
  power_source: 0,
  temperature_celsius: 61,
  memory_temperature_celsius: 74,
  temperature_margin_celsius: 26,
  temperature_threshold_shutdown_celsius: 92,
  temperature_threshold_slowdown_celsius: 89,
  temperature_threshold_memory_max_celsius: 95,
  temperature_threshold_gpu_max_celsius: 87,
  temperature_threshold_acoustic_current_celsius: 80,
  temperature_limit_offset_shutdown_celsius: -8,
  temperature_limit_offset_slowdown_celsius: -2,
  temperature_limit_offset_memory_max_celsius: -1,
  temperature_limit_offset_gpu_max_celsius: 0,
  pcie_link_generation: 4,
  pcie_link_width_lanes: 8,
  pcie_link_generation_max: 5,
  pcie_link_width_lanes_max: 16,
  ecc_mode_enabled: 1,
  ecc_mode_pending: 0,
  ecc_corrected_total: 17,
  ecc_uncorrected_total: 2,
  ecc_corrected_lifetime_total: 1234,
  ecc_uncorrected_lifetime_total: 5,
  mig_mode_enabled: 0,
  mig_mode_pending: 0,
  mig_devices_max: 7,
  fabric_state: 3,
  fabric_status_code: 0,
  fabric_clique_id: 0,
  // Degraded bandwidth, nothing else wrong: 1 in the first group, 2 (false) in the others, no wrong configuration.
  fabric_health_mask: 0b01_0001_10_10_10_01,
  fabric_health_summary: 3,
  recovery_action: 1,
  compute_processes: 2,
  graphics_processes: 0,
  mps_processes: 1,
};

/** Every reading of a MIG instance, with a number of its own where there is room for it. */
export const ALL_MIG_READINGS: Readonly<Record<MigReadingId, number>> = {
  ...numbered(MIG_INSTANCE_READINGS),
  multiprocessors: 42,
  copy_engines: 3,
  decoders: 2,
  encoders: 0,
  jpeg_engines: 1,
  ofa_engines: 4,
  gpu_slices: 3,
  compute_slices: 5,
  placement_start: 0,
  placement_size: 4,
  memory_total_bytes: 42_300_000_000,
  memory_reserved_bytes: 60_000_000,
  memory_used_bytes: 12_000_000_000,
  memory_free_bytes: 30_240_000_000,
  bar1_memory_total_bytes: 68_000_000_000,
  bar1_memory_used_bytes: 3_000_000,
  ecc_uncorrected_total: 7,
};

/** A MIG instance with everything. */
export function migInstance(migIndex: number, more: Partial<MigInstance> = {}): MigInstance {
  return {
    uuid: `MIG-51000000-0000-0000-0000-0000000000a${migIndex}`,
    migIndex,
    gpuInstance: 2 + migIndex,
    computeInstance: 0,
    profile: '3g.40gb',
    name: 'NVIDIA A100-SXM4-80GB MIG 3g.40gb',
    readings: readingsOf(MIG_INSTANCE_READINGS, ALL_MIG_READINGS),
    ...more,
  };
}

/** Every reading of an NVLink. */
export const ALL_LINK_READINGS: Readonly<Record<LinkReadingId, number>> = {
  ...numbered(NVLINK_READINGS),
  state: 1,
  version: 7,
  remote_type: 2,
  remote_link: 11,
  low_power: 0,
  effective_bit_error_ratio: 1.5e-12,
};

/** An NVLink: with everything, or with these readings alone as where single links are not counted. */
export function nvlink(link: number, only?: Partial<Record<LinkReadingId, number>>): NvLink {
  return {
    link,
    remotePciBusId: only === undefined ? '0000:05:00.0' : undefined,
    readings:
      only === undefined
        ? readingsOf(NVLINK_READINGS, ALL_LINK_READINGS)
        : readingsOf(NVLINK_READINGS, only, NOT_ASKED),
  };
}

/** Every reading of a chip-to-chip link. */
export const ALL_C2C_LINK_READINGS: Readonly<Record<C2cLinkReadingId, number>> = {
  ...numbered(CHIP_LINK_READINGS),
  up: 1,
  bandwidth_bytes_per_second: 45_000_000_000,
};

/** A chip-to-chip link with everything. */
export function c2cLink(link: number, more: Partial<Record<C2cLinkReadingId, number>> = {}): C2cLink {
  return { link, readings: readingsOf(CHIP_LINK_READINGS, { ...ALL_C2C_LINK_READINGS, ...more }) };
}

/** Every reading of a fan. */
export const ALL_FAN_READINGS: Readonly<Record<FanReadingId, number>> = {
  speed_ratio: 0.42,
  target_speed_ratio: 0.45,
  speed_rpm: 1830,
};

/** A fan with everything. */
export function fan(number: number, more: Partial<Record<FanReadingId, number>> = {}): Fan {
  return { fan: number, readings: readingsOf(FAN_SPEED_READINGS, { ...ALL_FAN_READINGS, ...more }) };
}

/** Every reading of a pair of GPUs. */
export const ALL_PEER_READINGS: Readonly<Record<PeerReadingId, number>> = {
  topology_level: 40,
  p2p_read_status: 0,
  p2p_write_status: 0,
  p2p_nvlink_status: 0,
  p2p_atomics_status: 5,
  p2p_pci_status: 1,
};

/** Another GPU, of which everything is known. */
export function peer(gpuIndex: number, more: Partial<Record<PeerReadingId, number>> = {}): Peer {
  return {
    gpuIndex,
    uuid: `GPU-00000000-0000-4000-8000-00000000000${gpuIndex}`,
    readings: readingsOf(PEER_GPU_READINGS, { ...ALL_PEER_READINGS, ...more }),
  };
}

/** A MIG profile of which two fit. */
export function migProfile(name: string, more: Partial<MigProfile> = {}): MigProfile {
  return {
    id: 9,
    name,
    slices: 3,
    multiprocessors: 42,
    memoryBytes: 42_300_000_000,
    capacity: 2,
    available: 0,
    ...more,
  };
}

/** What a process used of the multiprocessors, and nothing of the other engines. */
export function processUse(pid: number, smRatio: number): ProcessUse {
  return {
    pid,
    sampledUnixSeconds: 1_700_000_000.25,
    smRatio,
    memoryRatio: 0.125,
    encoderRatio: 0,
    decoderRatio: 0,
    jpegRatio: undefined,
    ofaRatio: undefined,
  };
}

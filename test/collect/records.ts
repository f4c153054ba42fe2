import { GPU_READINGS, MIG_INSTANCE_READINGS, NODE_READING_TABLE } from '../../src/model/readings.js';
import type {
  DriverSnapshot,
  EventSnapshot,
  GpuSnapshot,
  HamiContainer,
  MigSnapshot,
  WatchSnapshot,
} from '../../src/native/addon.js';
import type { ReadingId } from '../../src/native/readings.generated.js';
import { measured } from '../readings.js';

/** Monotonic second at which the records below were gathered. */
export const GATHERED_SECONDS = 5000;

/** A record of GPU `index` as the addon gives it, with some readings; all others are absent. */
export function gpuRecord(
  index: number,
  readings: Partial<Record<ReadingId, number>> = {},
  change: Partial<GpuSnapshot> = {},
): GpuSnapshot {
  return {
    index,
    published: 1,
    generation: 1,
    cycle: 1,
    gatheredMonotonicNs: GATHERED_SECONDS * 1e9,
    gatheredRealtimeNs: 1.7e18,
    gatherDurationNs: 3e6,
    state: 1,
    stateCode: 0,
    identityVersion: 1,
    excludedInDoubt: false,
    ...measured(GPU_READINGS, readings),
    uuid: `GPU-00000000-0000-4000-8000-00000000000${index}`,
    name: 'NVIDIA H100',
    serial: '',
    pciBusId: `00000000:65:0${index}.0`,
    vbiosVersion: '',
    boardPartNumber: '',
    inforomImageVersion: '',
    gspFirmwareVersion: '',
    fabricClusterUuid: '',
    platformChassisSerial: '',
    processTotal: 0,
    migInstances: [],
    migProfiles: [],
    links: [],
    c2cLinks: [],
    fans: [],
    peers: [],
    processes: [],
    processUses: [],
    accounts: [],
    ...change,
  };
}

/** MIG instance `migIndex`, of GPU instance `migIndex` + 1. */
export function migInstance(migIndex: number): MigSnapshot {
  return {
    migIndex,
    gpuInstance: migIndex + 1,
    computeInstance: 0,
    idsStatus: 0,
    profileId: 9,
    profileStatus: 0,
    ...measured(MIG_INSTANCE_READINGS, {
      multiprocessors: 42,
      copy_engines: 1,
      decoders: 1,
      encoders: 0,
      jpeg_engines: 0,
      ofa_engines: 0,
      gpu_slices: 3,
      compute_slices: 3,
      memory_total_bytes: 20e9,
      memory_reserved_bytes: 0,
      memory_used_bytes: 1e9,
      memory_free_bytes: 19e9,
    }),
    uuid: `MIG-${migIndex}`,
    name: 'NVIDIA A100-SXM4-40GB MIG 3g.20gb',
  };
}

/** An event of GPU 0 as one sampler tells it. */
export function eventRecord(number: number, data: number, atSeconds: number, type = 0x8): EventSnapshot {
  return {
    number,
    realtimeNs: atSeconds * 1e9,
    type,
    data,
    gpuIndex: 0,
    gpuInstance: 0xffffffff,
    computeInstance: 0xffffffff,
  };
}

/** A driver that answers. */
export const DRIVER: DriverSnapshot = {
  published: 1,
  state: 1,
  lastCode: 0,
  generation: 1,
  initAttempts: 1,
  reinitializations: 0,
  reinitsByCode: [],
  gpuCount: 1,
  symbolsMissing: 0,
  foreignSymbols: 0,
  cudaDriverVersion: 12040,
  driverMajor: 550,
  libraryPath: '/usr/lib/libnvidia-ml.so.1',
  librarySoname: 'libnvidia-ml.so.1',
  ...measured(NODE_READING_TABLE, {}),
  libraryVersion: '',
  moduleVersion: '',
  driverVersion: '550.54',
  nvmlVersion: '12.550.54',
  simulator: '',
  message: '',
};

/** A sampler's main thread in which nothing is late. */
export const WATCH: WatchSnapshot = {
  published: 1,
  cycle: 1,
  tickMonotonicNs: GATHERED_SECONDS * 1e9,
  samplerPid: 77,
  leaving: false,
  cyclesSkipped: 0,
  inFlight: [],
};

/** One HAMi container with one device. */
export function hamiContainer(
  change: Partial<HamiContainer> & { readonly device?: Partial<HamiContainer['devices'][number]> } = {},
): HamiContainer {
  const { device, ...rest } = change;
  return {
    root: 0,
    podUid: 'c2d4286a-0fd0-470c-a7b3-82cf5ddadd5d',
    container: 'train',
    refusal: '',
    ordinary: true,
    layout: 'v1.2',
    priority: 0,
    recentKernel: 2,
    utilizationSwitch: 1,
    lastKernelUnixSeconds: undefined,
    processTotal: 1,
    devices: [
      {
        uuid: 'GPU-00000000-0000-4000-8000-000000000000',
        plausible: true,
        usedBytes: 300,
        contextBytes: 100,
        moduleBytes: 50,
        bufferBytes: 150,
        driverReportedBytes: 0,
        limitBytes: 1000,
        memoryLimited: true,
        smUtilPercent: 40,
        smLimitPercent: 50,
        smLimited: true,
        ...device,
      },
    ],
    processes: [{ pid: 9, hostPid: 4242, status: 1 }],
    ...rest,
  };
}

import type { Readings } from './readings.js';

/**
 * What a GPU's sampler thread says: attaching (look-up not finished), up, lost (NVML 15), failed (another fatal
 * code), probing (after XID 79/119/120 only a slow probe), excluded (released, or left to an older sampler).
 */
export type GpuCondition = 'attaching' | 'up' | 'lost' | 'failed' | 'probing' | 'excluded' | 'stuck' | 'stale';

/** One process on a GPU as the driver lists it (NVML running-process lists). */
export interface GpuProcess {
  readonly pid: number;
  readonly type: 'compute' | 'graphics' | 'mps';
  /** Bytes of device memory; undefined where the driver does not know. */
  readonly usedMemoryBytes: number | undefined;
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
}

/**
 * Whether it is known of each process in which MIG instance it runs. Drivers that have only the first version of the
 * process lists do not say it.
 */
export function placesKnown(processes: readonly GpuProcess[]): boolean {
  return processes.every(({ gpuInstance }) => gpuInstance !== undefined);
}

/** One MIG instance: a compute instance inside a GPU instance. */
export interface MigInstance {
  readonly uuid: string;
  readonly migIndex: number;
  /** Undefined when the driver does not say. */
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  /** Profile such as `3g.40gb`, from the device name. */
  readonly profile: string | undefined;
  readonly name: string;
  readonly attributes:
    | {
        readonly multiprocessors: number;
        readonly copyEngines: number;
        readonly decoders: number;
        readonly encoders: number;
        readonly jpegEngines: number;
        readonly ofaEngines: number;
        /** Undefined where the driver has only the first version of the call, as `reservedBytes` below. */
        readonly gpuSlices: number | undefined;
        readonly computeSlices: number | undefined;
      }
    | undefined;
  readonly memory:
    | {
        readonly totalBytes: number;
        /** Undefined also means: counted as used. */
        readonly reservedBytes: number | undefined;
        readonly usedBytes: number;
        readonly freeBytes: number;
      }
    | undefined;
}

/** Counts of one XID on one GPU since the agent started. */
export interface XidCount {
  readonly xid: number;
  readonly count: number;
  readonly source: 'nvml' | 'kmsg';
}

/** An event the driver announced for a GPU (nvml.md §5.16). */
export interface GpuEvent {
  readonly gpuUuid: string | undefined;
  readonly gpuIndex: number | undefined;
  readonly atUnixSeconds: number;
  readonly type: string;
  /** XID number for type `xid`. */
  readonly data: number;
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
}

/** One physical GPU that the driver reports. */
export interface Gpu {
  readonly index: number;
  /** `GPU-…`; undefined until the driver told it. */
  readonly uuid: string | undefined;
  readonly name: string | undefined;
  readonly serial: string | undefined;
  /** sysfs form, `0000:65:00.0`. */
  readonly pciBusId: string | undefined;
  readonly vbiosVersion: string | undefined;
  readonly boardPartNumber: string | undefined;
  readonly inforomImageVersion: string | undefined;
  readonly gspFirmwareVersion: string | undefined;
  readonly condition: GpuCondition;
  /** Plain words: why the condition is not `up`. */
  readonly conditionReason: string | undefined;
  /** Unix time of the last cycle that answered. */
  readonly lastCollectionUnixSeconds: number | undefined;
  /** Seconds between that cycle and now, on the monotonic clock. */
  readonly ageSeconds: number | undefined;
  /** When older than the staleness limit, all absent but those that say who the GPU is and how it is divided. */
  readonly readings: Readings;
  readonly migInstances: readonly MigInstance[];
  readonly processes: readonly GpuProcess[];
  /** Entries the driver has; larger than `processes.length` when the list was cut off. */
  readonly processTotal: number;
  readonly xids: readonly XidCount[];
  readonly lastXid: { readonly xid: number; readonly atUnixSeconds: number } | undefined;
  /** Other driver events since the agent started, by type. */
  readonly eventCounts: Readonly<Record<string, number>>;
}

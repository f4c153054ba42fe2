import type {
  C2cLinkReadingId,
  FanReadingId,
  LinkReadingId,
  MigReadingId,
  PeerReadingId,
} from '../native/readings.generated.js';
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
  /** When older than the staleness limit, only those that say how the instance is cut. */
  readonly readings: Readings<MigReadingId>;
}

/** A way the driver can cut a GPU instance out of this GPU (nvml.md §5.12). */
export interface MigProfile {
  readonly id: number;
  /** Such as `3g.40gb`; undefined where the driver does not name it. */
  readonly name: string | undefined;
  readonly slices: number;
  readonly multiprocessors: number;
  readonly memoryBytes: number;
  /** Instances that fit on an empty GPU. */
  readonly capacity: number;
  /** Instances that fit now; undefined where the driver does not tell (it tells root). */
  readonly available: number | undefined;
}

/** One NVLink of a GPU. */
export interface NvLink {
  readonly link: number;
  /** sysfs form, `0000:65:00.0`. */
  readonly remotePciBusId: string | undefined;
  readonly readings: Readings<LinkReadingId>;
}

/** One chip-to-chip link of a superchip's GPU. */
export interface C2cLink {
  readonly link: number;
  readonly readings: Readings<C2cLinkReadingId>;
}

/** One fan of a GPU. */
export interface Fan {
  readonly fan: number;
  readonly readings: Readings<FanReadingId>;
}

/** Another GPU of the node as seen from one: how near it is, and what can be done with its memory. */
export interface Peer {
  /** NVML's index of the other GPU. */
  readonly gpuIndex: number;
  readonly uuid: string;
  readonly readings: Readings<PeerReadingId>;
}

/** What a process used of a GPU's engines in the driver's newest sample of it, ratios 0–1; undefined = not known. */
export interface ProcessUse {
  readonly pid: number;
  readonly sampledUnixSeconds: number;
  readonly smRatio: number | undefined;
  readonly memoryRatio: number | undefined;
  readonly encoderRatio: number | undefined;
  readonly decoderRatio: number | undefined;
  readonly jpegRatio: number | undefined;
  readonly ofaRatio: number | undefined;
}

/** Counts of one XID on one GPU since the agent started. */
export interface XidCount {
  readonly xid: number;
  readonly count: number;
  readonly source: 'nvml' | 'kmsg';
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
  /** Cluster the GPU's fabric belongs to; all zeros on a single node with switches. */
  readonly fabricClusterUuid: string | undefined;
  /** Serial number of the rack's chassis. */
  readonly platformChassisSerial: string | undefined;
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
  /** Profiles the GPU offers; empty unless MIG mode is on. */
  readonly migProfiles: readonly MigProfile[];
  readonly links: readonly NvLink[];
  readonly c2cLinks: readonly C2cLink[];
  readonly fans: readonly Fan[];
  /** The other GPUs it was asked about (`--collector.topology`). */
  readonly peers: readonly Peer[];
  readonly processes: readonly GpuProcess[];
  /** Entries the driver has; larger than `processes.length` when the list was cut off. */
  readonly processTotal: number;
  /** Newest sample of each process, where the driver has any. */
  readonly processUses: readonly ProcessUse[];
  readonly xids: readonly XidCount[];
  readonly lastXid: { readonly xid: number; readonly atUnixSeconds: number } | undefined;
  /** Other driver events since the agent started, by type. */
  readonly eventCounts: Readonly<Record<string, number>>;
}

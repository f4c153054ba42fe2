/** How a part of a GPU is given away. */
export type PartitionKind = 'whole' | 'mig' | 'timeslice' | 'mps' | 'vgpu' | 'passthrough' | 'share';

/** A part of a physical GPU that can be given to somebody. */
export interface Partition {
  /** Stable id: the GPU's or MIG instance's UUID, `pci-<BDF>` for passthrough, `<gpu uuid>/<pod uid>/<container>` for a share, `<id of the GPU's or instance's partition>/<kind>/<workload>` for a turn in time-slicing or a client of MPS. */
  readonly id: string;
  readonly kind: PartitionKind;
  readonly gpuUuid: string | undefined;
  readonly gpuIndex: number | undefined;
  readonly pciBusId: string | undefined;
  /** The MIG instance that it is, or is in. */
  readonly migUuid: string | undefined;
  readonly profile: string | undefined;
  /** Capacity in bytes: limit, profile or frame buffer. */
  readonly memoryTotalBytes: number | undefined;
  /** Use by the driver where there is one. */
  readonly memoryUsedBytes: number | undefined;
  /** Share of the SMs, 0–1. */
  readonly smLimitRatio: number | undefined;
  readonly utilizationRatio: number | undefined;
  /** Whether somebody holds it; undefined = cannot be known here. */
  readonly allocated: boolean | undefined;
  /** Ids of the workloads on it. */
  readonly workloads: readonly string[];
  /** Only for kind `share`. */
  readonly share: Share | undefined;
}

/** What a HAMi container claims of itself (reported) beside what the driver says (actual). */
export interface Share {
  readonly podUid: string;
  readonly container: string;
  readonly layout: string;
  /** The container's own claim; undefined when implausible. */
  readonly reportedBytes: number | undefined;
  readonly contextBytes: number | undefined;
  readonly moduleBytes: number | undefined;
  readonly bufferBytes: number | undefined;
  /** Sum over the driver's process list for the processes this container claims. */
  readonly actualBytes: number | undefined;
  readonly priority: number;
  readonly blocked: boolean;
  readonly lastKernelUnixSeconds: number | undefined;
  readonly processes: readonly { readonly pid: number; readonly hostPid: number | undefined }[];
}

/** What a workload has used of a partition since the agent first saw it there. Sums never fall while it is kept. */
export interface WorkloadUse {
  readonly workload: string;
  /** Where it is, or was last: the id of the partition. */
  readonly partition: string;
  readonly gpuUuid: string;
  readonly gpuIndex: number;
  /** Unix time at which the sums were 0. */
  readonly sinceUnixSeconds: number;
  /** Time in which its processes had kernels; undefined where the driver samples no processes. */
  readonly busySeconds: number | undefined;
  /** Time for which there were samples of its processes, each process for itself; undefined like that. */
  readonly observedSeconds: number | undefined;
  /** Device memory of its processes over time; undefined once the driver did not know one of them. */
  readonly memoryByteSeconds: number | undefined;
  /** Its part of the GPU's energy by busy time; undefined without samples or without a counter. */
  readonly energyJoules: number | undefined;
  /** Whether none of its processes is there any more. */
  readonly ended: boolean;
}

/** Who used what, over time. */
export interface NodeUse {
  /** Those that are there, and those that ended not long ago. */
  readonly workloads: readonly WorkloadUse[];
  /** Energy of each GPU's counter that is in no workload's sum. */
  readonly unattributed: readonly { readonly gpuUuid: string; readonly energyJoules: number }[];
}

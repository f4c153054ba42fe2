/** One XID on one GPU: everything known of it, as far back as the kernel log goes. */
export interface XidFault {
  /** Undefined while nobody knows which GPU stands at that address, or its name. */
  readonly gpuUuid: string | undefined;
  readonly gpuIndex: number | undefined;
  /** sysfs form; undefined where only NVML told of it, of a GPU whose address is not known. */
  readonly pciBusId: string | undefined;
  readonly xid: number;
  /** How often, each occurrence once whoever told it. */
  readonly count: number;
  readonly firstUnixSeconds: number;
  readonly lastUnixSeconds: number;
  /** The current spell: occurrences without an hour of quiet, a reset or a new driver between them. */
  readonly spell: XidSpell;
  /** What ended the last spell; undefined while nothing has since it came last. */
  readonly recovered: Recovery | undefined;
  /** Whether it had come before the last such recovery too: resetting did not cure it. */
  readonly cameAgain: boolean;
  /** Who told: NVML's events, the kernel log. */
  readonly sources: readonly ('nvml' | 'kmsg')[];
}

/** Occurrences of one XID that belong together. */
export interface XidSpell {
  readonly sinceUnixSeconds: number;
  readonly count: number;
  /** Bursts: occurrences with a minute of quiet before them. The driver logs one fault many times. */
  readonly bursts: number;
  /** Processes the kernel log named, the last 8. */
  readonly pids: readonly number[];
  /** What the last of them called itself: an untrusted name. */
  readonly processName: string | undefined;
  /** What the kernel log said, each text once, the last 8, the newest last. */
  readonly texts: readonly string[];
}

/** The GPU began anew: the driver was loaded again, or its counters started over as they do after a reset. */
export interface Recovery {
  readonly by: 'driver_load' | 'gpu_reset';
  readonly atUnixSeconds: number;
}

/** One SXid of one NVSwitch (nvml.md §13.1). Only the kernel log tells of them. */
export interface SwitchFault {
  /** As the driver counts it: `nvswitch3`. */
  readonly device: string;
  readonly sxid: number;
  /** The driver's word; undefined where it said neither. */
  readonly fatal: boolean | undefined;
  readonly count: number;
  readonly firstUnixSeconds: number;
  readonly lastUnixSeconds: number;
  readonly text: string;
}

/** How the kernel log is read. */
export interface KernelLogState {
  /** Why it is not read; undefined while it is. */
  readonly unreadable: string | undefined;
  /** Records read since the agent started, those from before it among them. */
  readonly lines: number;
  /** Times at which records were overwritten before they were read: what they said is not known. */
  readonly overwritten: number;
}

/** The one typed declaration of everything native. Implemented in native/addon, loaded by load-addon.ts. */

/** One GPU's newest record as copied out of shared memory. */
export interface GpuSnapshot {
  readonly index: number;
  /** Publications so far; unchanged = nothing new. */
  readonly published: number;
  readonly generation: number;
  readonly cycle: number;
  readonly gatheredMonotonicNs: number;
  readonly gatheredRealtimeNs: number;
  readonly gatherDurationNs: number;
  /** GpuState of native/core/shm/records.h. */
  readonly state: number;
  readonly stateCode: number;
  readonly identityVersion: number;
  /** Excluded because it may be the GPU that is to be left alone. */
  readonly excludedInDoubt: boolean;
  readonly values: Float64Array;
  readonly status: Uint8Array;
  readonly uuid: string;
  readonly name: string;
  readonly serial: string;
  readonly pciBusId: string;
  readonly vbiosVersion: string;
  readonly boardPartNumber: string;
  readonly inforomImageVersion: string;
  readonly gspFirmwareVersion: string;
  readonly fabricClusterUuid: string;
  readonly platformChassisSerial: string;
  readonly processTotal: number;
  readonly migInstances: readonly MigSnapshot[];
  readonly migProfiles: readonly MigProfileSnapshot[];
  readonly links: readonly LinkSnapshot[];
  readonly c2cLinks: readonly C2cLinkSnapshot[];
  readonly fans: readonly FanSnapshot[];
  readonly peers: readonly PeerSnapshot[];
  readonly processes: readonly ProcessSnapshot[];
  readonly processUses: readonly ProcessUseSnapshot[];
  /** Those that run, and those that ended in the last minute. */
  readonly accounts: readonly ProcessAccountSnapshot[];
}

/** Numbers of one part of a GPU by the index of its table; a value is valid where its status is 0. */
export interface MeasuredSnapshot {
  readonly values: Float64Array;
  readonly status: Uint8Array;
}

/** MigInstance of records.h; `…Status` 0 = the fields are valid. */
export interface MigSnapshot extends MeasuredSnapshot {
  readonly migIndex: number;
  readonly gpuInstance: number;
  readonly computeInstance: number;
  readonly idsStatus: number;
  readonly profileId: number;
  readonly profileStatus: number;
  readonly uuid: string;
  readonly name: string;
}

/** MigProfile of records.h. */
export interface MigProfileSnapshot {
  readonly id: number;
  readonly name: string;
  readonly slices: number;
  readonly multiprocessors: number;
  readonly memoryBytes: number;
  readonly capacity: number;
  readonly available: number;
  readonly availableStatus: number;
}

/** NvLink of records.h. */
export interface LinkSnapshot extends MeasuredSnapshot {
  readonly link: number;
  readonly remotePciBusId: string;
}

/** C2cLink of records.h. */
export interface C2cLinkSnapshot extends MeasuredSnapshot {
  readonly link: number;
}

/** Fan of records.h. */
export interface FanSnapshot extends MeasuredSnapshot {
  readonly fan: number;
}

/** Peer of records.h. */
export interface PeerSnapshot extends MeasuredSnapshot {
  readonly gpuIndex: number;
  readonly uuid: string;
}

/** ProcessUse of records.h: ratios 0–1, -1 = not known. */
export interface ProcessUseSnapshot {
  readonly pid: number;
  readonly sampledUnixSeconds: number;
  readonly smRatio: number;
  readonly memoryRatio: number;
  readonly encoderRatio: number;
  readonly decoderRatio: number;
  readonly jpegRatio: number;
  readonly ofaRatio: number;
}

/** ProcessAccount of records.h: sums since this sampler first saw the process on the GPU. */
export interface ProcessAccountSnapshot {
  readonly pid: number;
  readonly gpuInstance: number;
  readonly computeInstance: number;
  /** False when the driver did not know its memory for some of the time. */
  readonly memoryKnown: boolean;
  /** First seen; another value is another stay. */
  readonly sinceMonotonicNs: number;
  readonly presentMonotonicNs: number;
  readonly busySeconds: number;
  /** Time for which its use was sampled. */
  readonly observedSeconds: number;
  readonly memoryByteSeconds: number;
  readonly energyJoules: number;
}

/** ProcessEntry of records.h. `usedMemoryBytes` is -1 when the driver does not know; ids are 0xFFFFFFFF when not applicable. */
export interface ProcessSnapshot {
  readonly pid: number;
  readonly type: number;
  readonly usedMemoryBytes: number;
  readonly gpuInstance: number;
  readonly computeInstance: number;
}

/** DriverRecord of records.h; its readings are those of the node. */
export interface DriverSnapshot extends MeasuredSnapshot {
  readonly published: number;
  readonly state: number;
  readonly lastCode: number;
  readonly generation: number;
  readonly initAttempts: number;
  readonly reinitializations: number;
  /** How often NVML was initialised anew, by the code that asked for it: 0–30, 999, any other. */
  readonly reinitsByCode: readonly number[];
  readonly gpuCount: number;
  readonly symbolsMissing: number;
  readonly foreignSymbols: number;
  readonly cudaDriverVersion: number;
  readonly driverMajor: number;
  readonly libraryPath: string;
  readonly librarySoname: string;
  readonly libraryVersion: string;
  readonly moduleVersion: string;
  readonly driverVersion: string;
  readonly nvmlVersion: string;
  readonly simulator: string;
  readonly message: string;
}

/** InFlightCall of records.h. */
export interface InFlightSnapshot {
  readonly lane: number;
  readonly gpuIndex: number;
  readonly call: number;
  readonly verdict: number;
  readonly sinceMonotonicNs: number;
  readonly tid: number;
  readonly syscallNumber: number;
  readonly threadState: string;
  readonly wchan: string;
}

/** WatchRecord of records.h. */
export interface WatchSnapshot {
  readonly published: number;
  readonly cycle: number;
  readonly tickMonotonicNs: number;
  readonly samplerPid: number;
  readonly leaving: boolean;
  /** Cycles that a GPU was not given because it was still in an older one. */
  readonly cyclesSkipped: number;
  readonly inFlight: readonly InFlightSnapshot[];
}

/** Event of records.h. */
export interface EventSnapshot {
  readonly number: number;
  readonly realtimeNs: number;
  readonly type: number;
  readonly data: number;
  readonly gpuIndex: number;
  readonly gpuInstance: number;
  readonly computeInstance: number;
}

/** Everything of one wake-up: one crossing into JavaScript. Unchanged records keep the object of the read before. */
export interface Snapshot {
  readonly driver: DriverSnapshot;
  readonly watch: WatchSnapshot;
  /**
   * Index, state (GpuState of records.h) and last complete cycle of each GPU, three numbers each, up to the first index
   * of -1. The array is the reader's own: the next read overwrites it.
   */
  readonly gpuStates: Float64Array;
  readonly events: readonly EventSnapshot[];
  /** Events that were overwritten before they could be read. */
  readonly eventsLost: number;
}

/** Decoded HAMi sweep (native/core/hami/encoding.h). */
export interface HamiSnapshot {
  readonly published: number;
  readonly sweptMonotonicNs: number;
  readonly truncated: boolean;
  readonly containers: readonly HamiContainer[];
}

/** One `<podUID>_<container>` directory. `refusal` is a stable code when the usage file was not read. */
export interface HamiContainer {
  readonly root: number;
  readonly podUid: string;
  readonly container: string;
  readonly refusal: string;
  /** The refusal is a state every healthy container passes through, such as `no_cache_file`. */
  readonly ordinary: boolean;
  readonly layout: string;
  readonly priority: number;
  readonly recentKernel: number;
  readonly utilizationSwitch: number;
  readonly lastKernelUnixSeconds: number | undefined;
  readonly processTotal: number;
  readonly devices: readonly {
    readonly uuid: string;
    readonly plausible: boolean;
    readonly usedBytes: number;
    readonly contextBytes: number;
    readonly moduleBytes: number;
    readonly bufferBytes: number;
    readonly driverReportedBytes: number;
    readonly limitBytes: number;
    readonly memoryLimited: boolean;
    readonly smUtilPercent: number | undefined;
    readonly smLimitPercent: number;
    readonly smLimited: boolean;
  }[];
  readonly processes: readonly {
    readonly pid: number;
    readonly hostPid: number | undefined;
    readonly status: number;
  }[];
}

/** Reads one sampler's shared memory. */
export interface SegmentReader {
  /** Throws `Error` with code `SEGMENT_NOT_READY` while the sampler has not initialised it, `SEGMENT_FOREIGN` on another build. */
  read(): Snapshot;
  /** The newest record of each GPU, by index. Unchanged ones keep their object, unchanged lists of parts their array. Throws like `read`. */
  gpus(): readonly GpuSnapshot[];
  /** The newest sweep of HAMi directories; undefined before the first. Unchanged ones keep their object. Throws like `read`. */
  hami(): HamiSnapshot | undefined;
  /** Cumulative statistics summed over lanes: per call 33 results, 8 duration buckets, sum in ns. */
  statistics(): Float64Array;
  close(): void;
}

/** What `spawnSampler` starts. */
export interface SpawnOptions {
  readonly path: string;
  readonly args: readonly string[];
  /** `KEY=value`, the complete environment. */
  readonly env: readonly string[];
  /** Memory of the predecessor, whose integrators the new sampler goes on from. */
  readonly carryFd: number | undefined;
}

/** One open handle on a GPU device node, found by walking /proc/<pid>/task/<tid>/fd. */
export interface DeviceHolder {
  readonly pid: number;
  readonly tid: number;
  readonly fd: number;
  readonly target: string;
}

/** Compiled metric lines (native/core/exposition). Knows no metric. */
export interface ExpositionConstructor {
  new (definition: {
    /** Family headers and line prefixes, in output order; a line is printed only when its value is not NaN. */
    readonly families: readonly {
      /** Header bytes: text 0.0.4 and OpenMetrics 1.0.0. */
      readonly headerText: string;
      readonly headerOpenMetrics: string;
      /** Everything before the value, e.g. `gpu_power_watts{uuid="…"} `; empty where a format does not have the line. */
      readonly lines: readonly { readonly text: string; readonly openMetrics: string; readonly slot: number }[];
    }[];
  }): Exposition;
}

/** Complete lines of families rendered elsewhere, and where they belong. */
export interface ExpositionInsert {
  readonly before: number;
  readonly text: string;
}

/** One compiled exposition. */
export interface Exposition {
  /**
   * Renders into `memory` if it is there and of a fitting size, else into new memory; the bytes are its beginning.
   * NaN = the line is left out, a family without a line loses its header. `inserts` are families rendered elsewhere,
   * each printed before the compiled family at position `before` (the number of families = after all), in ascending
   * order of it.
   */
  render(
    values: Float64Array,
    format: 'text' | 'openmetrics',
    inserts: readonly ExpositionInsert[],
    memory?: ArrayBuffer,
  ): Uint8Array<ArrayBuffer>;
  readonly lineCount: number;
}

/** A started sampler. The descriptors belong to the caller: `closeFd`, or a `net.Socket` for the first. */
export interface SpawnedSampler {
  readonly pid: number;
  readonly socketFd: number;
  readonly memoryFd: number;
  /** Its standard error, see `readMessages`. */
  readonly messagesFd: number;
}

/** One look at a sampler. */
export interface SamplerPoll {
  /** `gone` when the process was reaped; `leader-zombie` when its leader exited and a thread still sleeps in the kernel. */
  readonly state: 'running' | 'leader-zombie' | 'gone';
  /** Only for a process that ended by itself and was reaped now. */
  readonly exitCode?: number;
  /** Only for a process that a signal ended and that was reaped now. */
  readonly signal?: number;
}

/** The native half. Functions throw `Error` with a stable `code`: an errno name, or `ERR_INVALID_ARG_TYPE`. */
export interface Addon {
  /** Version of this interface and of the shared memory behind it. */
  readonly abi: number;
  /** Starts a sampler in its own process group. Call it from the main thread: the sampler ends with the thread that started it. */
  spawnSampler(options: SpawnOptions): SpawnedSampler;
  /** Never blocks. Throws `ESRCH` for a pid that is no sampler started from here, or is gone since the last poll. */
  pollSampler(pid: number): SamplerPoll;
  /** False when the kernel refused. Throws like `pollSampler`. */
  signalSampler(pid: number, signal: number): boolean;
  /** What a sampler wrote to its standard error, at most 32 KiB. */
  readMessages(messagesFd: number): string;
  openSegment(memoryFd: number): SegmentReader;
  closeFd(fd: number): void;
  /** In-process engine on threads of our own; same socket and memory protocol as the process. */
  startEngine(args: readonly string[]): { readonly socketFd: number; readonly memoryFd: number; stop(): void };
  /** Walks a procfs root on a thread of its own; `prefixes` are absolute paths such as `/dev/nvidia`. */
  findHolders(procfs: string, prefixes: readonly string[]): Promise<readonly DeviceHolder[]>;
  /**
   * First `maxBytes` of each regular file, undefined where it cannot be read. On a thread of its own: reading
   * `/proc/<pid>/cmdline` waits for a lock that a process asleep in the driver may hold.
   */
  readFiles(paths: readonly string[], maxBytes: number): Promise<readonly (Buffer | undefined)[]>;
  clockNow(clockFile: string | undefined): { readonly monotonicNs: number; readonly realtimeNs: number };
  /** Who is at the other end of a connected unix socket (SO_PEERCRED). */
  peerCredentials(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number };
  readonly Exposition: ExpositionConstructor;
  /**
   * How many heaps the C library may begin for threads, 1 to 1024; those it has go on. False where it has no such limit.
   * By default every thread gets its own, up to eight for each core, and keeps what it once freed. **Holds for the whole
   * process, whoever's threads they are, until it ends** (mallopt(3), M_ARENA_MAX): only for a program that is nothing
   * but the agent.
   */
  limitArenas(count: number): boolean;
  /**
   * Gives freed memory of all of the process' C library heaps back to the kernel, about a millisecond; whether there was
   * any (malloc_trim(3)). Nothing stays set.
   */
  returnFreeMemory(): boolean;
  /** One datagram to $NOTIFY_SOCKET; false when the variable is not set. */
  notifySystemd(message: string): boolean;
}

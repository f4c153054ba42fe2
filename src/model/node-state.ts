import type { NodeReadingId } from '../native/readings.generated.js';
import type { Baseline } from './baseline.js';
import type { NodeEvent } from './event.js';
import type { KernelLogState, SwitchFault, XidFault } from './fault.js';
import type { Finding } from './finding.js';
import type { Gpu } from './gpu.js';
import type { NodeHealth } from './node-health.js';
import type { Partition } from './partition.js';
import type { PciFunction } from './pci.js';
import type { NodeProcess } from './process.js';
import type { Readings } from './readings.js';
import type { Workload } from './workload.js';
import type { NodeUse } from './workload-use.js';

/** The two kernel modules there are of the driver: the one with published source, and the closed one. */
export type KernelModule = 'open' | 'proprietary';

/** Library and kernel driver as the sampler's control thread sees them. */
export interface Driver {
  /** `unknown`: no sampler has told anything for longer than readings are kept. */
  readonly state:
    | 'unknown'
    | 'starting'
    | 'initialized'
    | 'library_missing'
    | 'not_loaded'
    | 'mismatch'
    | 'failed'
    | 'unused';
  /** NVML code of the last attempt, 0 = success. */
  readonly lastCode: number;
  /** What was tried and what came; undefined when initialized. */
  readonly message: string | undefined;
  readonly libraryPath: string | undefined;
  /** The name the library gives itself. */
  readonly librarySoname: string | undefined;
  /** By the name of the file; undefined when it has none in it. */
  readonly libraryVersion: string | undefined;
  /** Of the loaded kernel module, whether or not the library can talk to it. */
  readonly moduleVersion: string | undefined;
  /** Which one it is; undefined where none is loaded, and where procfs does not tell. */
  readonly kernelModule: KernelModule | undefined;
  readonly driverVersion: string | undefined;
  readonly nvmlVersion: string | undefined;
  /** `12.4` */
  readonly cudaVersion: string | undefined;
  readonly gpuCount: number | undefined;
  /** Of these, how many are more than a sampler can read; undefined where all are read. */
  readonly gpusUnread: number | undefined;
  readonly symbolsMissing: number;
  /** Symbols that another library interposes (LD_PRELOAD). */
  readonly foreignSymbols: number;
  /** Over all samplers since the agent started. */
  readonly initAttempts: number;
  /** Over all samplers since the agent started. */
  readonly reinitializations: number;
  /** The same by the NVML code that asked for it. */
  readonly reinitializationsByReason: Readonly<Record<string, number>>;
  /** What is read of the node as a whole. */
  readonly readings: Readings<NodeReadingId>;
}

/** A driver call that did not come back. */
export interface StuckCall {
  readonly samplerPid: number;
  readonly lane: 'control' | 'events' | 'hami' | 'gpu';
  /** Where the GPU stands now; undefined when it stands nowhere, and for the other lanes. */
  readonly gpuIndex: number | undefined;
  readonly gpuUuid: string | undefined;
  readonly gpuPciBusId: string | undefined;
  readonly function: string;
  readonly verdict: 'slow' | 'stuck';
  readonly seconds: number;
  readonly tid: number;
  /** Letter of /proc/<pid>/task/<tid>/stat. */
  readonly threadState: string | undefined;
  /** Kernel function the thread sleeps in. */
  readonly wchan: string | undefined;
  readonly syscallNumber: number | undefined;
}

/** A sampler process of ours that is running, leaving or can neither run nor end. */
export interface SamplerProcess {
  readonly pid: number;
  readonly generation: number;
  /** `stuck`: asked to leave but asleep in the driver: neither dead nor alive. */
  readonly role: 'starting' | 'active' | 'leaving' | 'stuck';
  readonly excluded: readonly string[];
  readonly startedUnixSeconds: number;
}

/** The agent's view of its samplers. */
export interface Sampling {
  readonly state: 'starting' | 'running' | 'released' | 'unavailable';
  /** Plain words when not `running`. */
  readonly reason: string | undefined;
  readonly processes: readonly SamplerProcess[];
  readonly stuckCalls: readonly StuckCall[];
  /** GPUs handed back by `release`, by UUID or `all`, with the Unix time they are taken up again. */
  readonly released: readonly { readonly gpu: string; readonly untilUnixSeconds: number | undefined }[];
  /** Seconds since the active sampler's last tick. */
  readonly ageSeconds: number | undefined;
  readonly cycleSeconds: number;
  /** Samplers started in place of another since the agent started. */
  readonly restarts: number;
}

/** HAMi usage files as the sweep found them. */
export interface HamiSweep {
  readonly directories: number;
  readonly files: number;
  readonly refused: readonly { readonly directory: string; readonly reason: string }[];
  readonly refusedByReason: Readonly<Record<string, number>>;
  readonly truncated: boolean;
}

/** Sources of the state, each with its switch `--collector.<name>`. */
export const COLLECTORS = ['nvml', 'pci', 'hami', 'processes', 'kmsg'] as const;

/** Name of a source that can be switched off. */
export type CollectorName = (typeof COLLECTORS)[number];

/** Rounds of a source since the agent started. */
export interface Rounds {
  /** Cumulative counts for the bounds 10 µs … 10 s, then +Inf. */
  readonly durationBuckets: readonly number[];
  readonly durationSumSeconds: number;
  /** Rounds that failed, by reason: an NVML code, or one of our own. */
  readonly errors: Readonly<Record<string, number>>;
  /** Rounds that were due and not begun, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Whether a source answered in its last round. */
export interface SourceState {
  readonly name: string;
  readonly ok: boolean;
  /** Unix time of the last answer; undefined when it never gave one. */
  readonly lastAnswerUnixSeconds: number | undefined;
  readonly durationSeconds: number;
  readonly message: string | undefined;
  readonly rounds: Rounds;
}

/** Counts of one driver function by result, since the agent started. */
export interface CallStatistics {
  readonly function: string;
  readonly results: Readonly<Record<string, number>>;
  /** Cumulative counts for the bounds 10 µs … 10 s, then +Inf. */
  readonly durationBuckets: readonly number[];
  readonly durationSumSeconds: number;
}

/** Everything the outputs may read. Immutable; made anew each cycle. */
export interface NodeState {
  readonly atUnixSeconds: number;
  /** Monotonic seconds of the injected clock. */
  readonly atMonotonicSeconds: number;
  readonly agent: {
    readonly version: string;
    /** Of the sources it was built from; undefined where they were in no repository. */
    readonly commit?: string | undefined;
    readonly startedUnixSeconds: number;
    readonly pid: number;
  };
  /** Text of the simulated library; undefined on real hardware. */
  readonly simulated: string | undefined;
  readonly driver: Driver;
  readonly sampling: Sampling;
  readonly gpus: readonly Gpu[];
  readonly partitions: readonly Partition[];
  readonly workloads: readonly Workload[];
  /** Identities of the processes on GPUs and behind VFIO functions, by pid; those that may not be read are missing. */
  readonly processes: readonly NodeProcess[];
  readonly use: NodeUse;
  /** What is worth a person's attention, the worst first. */
  readonly findings: readonly Finding[];
  /** What the findings come to. */
  readonly health: NodeHealth;
  readonly pci: readonly PciFunction[];
  /** GPUs this node is known to have, whether or not they are there. */
  readonly baseline: Baseline;
  readonly hami: HamiSweep | undefined;
  /** What the driver announced, oldest first; the newest, at most `EVENTS_KEPT`. */
  readonly events: readonly NodeEvent[];
  /** Driver events since the agent started that came faster than they were read: nobody knows what they said. */
  readonly eventsLost: number;
  /** Driver events that waited when a sampler's were fetched last. */
  readonly eventsWaiting: number;
  /** Every XID known, one for each GPU and number, also from before the agent started. */
  readonly xidFaults: readonly XidFault[];
  /** Every SXid known, one for each NVSwitch and number. */
  readonly switchFaults: readonly SwitchFault[];
  readonly kernelLog: KernelLogState;
  /** Those that the configuration switched off: what they would tell is missing because nobody looks. */
  readonly switchedOff: readonly CollectorName[];
  readonly sources: readonly SourceState[];
  readonly calls: readonly CallStatistics[];
  /** Changes whenever the set of series can change: GPUs, instances, partitions, labels. */
  readonly topologyVersion: number;
}

/** Gives outputs the newest state. Outputs never ask for anything else. */
export interface NodeStateSource {
  current(): NodeState;
}

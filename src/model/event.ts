import { gpuNamed, type NamedGpu } from './gpu-name.js';
import { xidFacts } from './xid.js';

/** Something the driver announced, once: by NVML's events (nvml.md §5.16) or in the kernel log (§13.1). */
export interface NodeEvent {
  /** Unique, also beyond a restart of the agent; says nothing by itself. */
  readonly id: string;
  readonly atUnixSeconds: number;
  /** `xid`, `sxid`, `mig_config_change` …; `type_0x…` for one we have no name for. */
  readonly kind: string;
  readonly gpuUuid: string | undefined;
  /** Where the GPU stood when the event came. */
  readonly gpuIndex: number | undefined;
  /** XID or SXid number; undefined where the event has no number. */
  readonly code: number | undefined;
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  /** What happened, in a few plain words. */
  readonly text: string;
  /** Who told first: NVML's events, or the kernel log. */
  readonly source: 'nvml' | 'kmsg';
  /** What the kernel log said; undefined where it did not say it, or later than NVML. */
  readonly logText: string | undefined;
  /** The process the kernel log named; what it calls itself is not to be trusted. */
  readonly pid: number | undefined;
  readonly processName: string | undefined;
}

/** What is asked of a history; what is undefined sorts nothing out. */
export interface EventQuery {
  /** Events at this Unix time or later. */
  readonly sinceUnixSeconds?: number | undefined;
  readonly kind?: string | undefined;
  /** Index, UUID, start of the UUID, or PCI address. */
  readonly gpu?: string | undefined;
  readonly code?: number | undefined;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** An answer to it. */
export interface EventPage {
  /** Newest first; of the same time, the one heard last first. */
  readonly events: readonly NodeEvent[];
  /** How many fit, of which `events` are the newest. */
  readonly total: number;
  /** From this Unix time on nothing was forgotten. */
  readonly keptSinceUnixSeconds: number;
}

/**
 * Where events are looked up. Behind it stands what the agent remembers since its start, or a store that outlives it.
 */
export interface EventHistory {
  find(query: EventQuery): Promise<EventPage>;
}

/** How many events the agent keeps in memory. */
export const EVENTS_KEPT = 256;

/** Words for each kind (nvml.h, nvmlEventType…). */
const TEXTS: Readonly<Record<string, string>> = {
  single_bit_ecc: 'an ECC error of one bit was corrected',
  double_bit_ecc: 'an ECC error of two bits could not be corrected',
  performance_state: 'the performance state changed',
  clock: 'a clock changed',
  power_source: 'the source of power changed',
  mig_config_change: 'the division into MIG instances changed',
  single_bit_ecc_storm: 'many ECC errors of one bit in a short time',
  dram_retirement: 'a page of memory is to be retired',
  dram_retirement_failure: 'a page of memory could not be retired',
  poison_nonfatal: 'a process met memory that ECC could not correct; the GPU goes on',
  poison_fatal: 'memory that ECC could not correct was used; the GPU has to be reset',
  gpu_unavailable: 'the GPU became unavailable',
  recovery_action: 'the driver asks for another recovery action',
};

/** What an event says, in a few plain words. */
export function eventText(kind: string, code: number | undefined): string {
  if (kind === 'xid' && code !== undefined) return `XID ${code}: ${xidFacts(code).meaning}`;
  return TEXTS[kind] ?? 'an event of a kind this agent has no name for';
}

/** As much of an agent's memory as answers a query. */
export interface RememberedEvents {
  /** Oldest first. */
  readonly events: readonly NodeEvent[];
  readonly agent: { readonly startedUnixSeconds: number };
  readonly gpus: readonly NamedGpu[];
}

/** The answer of what the agent remembers since its start. */
export function findRemembered({ events, agent, gpus }: RememberedEvents, query: EventQuery): EventPage {
  const { sinceUnixSeconds = Number.NEGATIVE_INFINITY, kind, code, limit } = query;
  const ofGpu = query.gpu === undefined ? undefined : namesOf(query.gpu, gpus);
  const fitting = events
    .filter(
      (event) =>
        event.atUnixSeconds >= sinceUnixSeconds &&
        (kind === undefined || event.kind === kind) &&
        (code === undefined || event.code === code) &&
        (ofGpu === undefined || ofGpu(event)),
    )
    // Stable: what was heard later stands first among those of one time.
    .reverse()
    .sort((a, b) => b.atUnixSeconds - a.atUnixSeconds);
  const [oldest] = events;
  return {
    events: fitting.slice(0, limit),
    total: fitting.length,
    keptSinceUnixSeconds:
      oldest === undefined || events.length < EVENTS_KEPT ? agent.startedUnixSeconds : oldest.atUnixSeconds,
  };
}

/** Whether an event is of the GPU of a name; one that is gone by now is still known by its own. */
function namesOf(id: string, gpus: readonly NamedGpu[]): (event: NodeEvent) => boolean {
  const found = gpuNamed(gpus, id);
  return ({ gpuUuid, gpuIndex }) => {
    if (found?.uuid !== undefined && gpuUuid !== undefined) return found.uuid === gpuUuid;
    if (found !== undefined) return found.index === gpuIndex;
    return gpuNamed([{ uuid: gpuUuid }], id) !== undefined;
  };
}

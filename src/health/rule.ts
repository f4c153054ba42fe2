import type { Action, Finding, FindingSubject, Severity } from '../model/finding.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import type { NodeState, StuckCall } from '../model/node-state.js';
import type { Series } from './past.js';

/** What a rule looks at. */
export interface Judged extends Omit<NodeState, 'findings' | 'health' | 'topologyVersion'> {
  /** Those of `sampling.stuckCalls` that say how things are now: not of a sampler that was succeeded. */
  readonly callsInForce: readonly StuckCall[];
  /** Why no further sampler is started although one is wanted; undefined when none is missing. */
  readonly samplerLimit: string | undefined;
  /** GPUs that are left out for a while because a call hung in them. */
  readonly setAside: readonly GpuSetAside[];
  /** Indexes left out because one of the GPUs that are to be left alone may stand there. */
  readonly indexesInDoubt: readonly number[];
}

/** A GPU nobody asks for a while; its last call may have come back, or ended with its process. */
export interface GpuSetAside {
  readonly gpu: GpuIdentity;
  readonly sinceUnixSeconds: number;
  /** When it is tried again; undefined while the call has not come back. */
  readonly againUnixSeconds: number | undefined;
  readonly lastCall: StuckCall | undefined;
}

/** What a rule sees of one subject now: that its condition holds. */
export interface Sight {
  /** What is added to the rule's code where one rule finds many things: `79` makes `xid_79`. */
  readonly detail?: string;
  /** Where it is explained, when not in docs/findings.md. */
  readonly docs?: string;
  readonly subject: FindingSubject;
  readonly severity: Severity;
  /** Where the evidence itself tells since when; else the time at which the rule first saw it. */
  readonly sinceUnixSeconds?: number;
  readonly reason: string;
  readonly evidence: Finding['evidence'];
  readonly action: Action;
  readonly nextStep: string;
}

/** A subject of which nobody can tell now whether the condition holds: what was said of it stays said. */
export interface Unseen {
  readonly detail?: string;
  readonly subject: FindingSubject;
  readonly unseen: true;
}

/** A subject that is neither in a rule's sights nor among its unseen is well. */
export type Observation = Sight | Unseen;

/** A number of a rule that the configuration can change. */
export interface Limit {
  readonly initial: number;
  readonly unit: 'seconds' | 'celsius' | 'ratio' | 'count' | 'bytes' | 'per hour' | 'per minute';
  readonly minimum: number;
  readonly maximum: number;
  /** What it limits, to follow its name: half a sentence. */
  readonly says: string;
}

/** How long a condition holds before it is said, and how long it is gone before the finding ends. */
export interface Timing {
  readonly raiseAfterSeconds: number;
  readonly clearAfterSeconds: number;
}

/** What a rule may ask beyond the state. */
export interface Context<Name extends string = string> {
  /** The rule's own limits, as configured. */
  readonly limits: Readonly<Record<Name, number>>;
  /** Whether the rule's finding about a subject is open: the lower of two limits may count then. */
  isOpen(subject: FindingSubject): boolean;
  /** What the rule had `remember` keep under this key; undefined when there is nothing yet. */
  past(key: string): Series | undefined;
}

/** What a rule has kept of each state, so that it can ask how a number moved. */
export interface Memory {
  /** Least time between two points of a series; a series has at most `POINTS_KEPT` points. */
  readonly spacingSeconds: number;
  readonly points: (state: Judged) => Iterable<readonly [key: string, value: number]>;
}

/** One rule: a pure function from state, past and limits to what is worth a person's attention, and what it says. */
export interface Rule {
  /** Code of its findings; never used twice. */
  readonly code: string;
  /** Whether its findings have codes of their own: its code, `_` and a number. */
  readonly numbered?: true;
  /** What is found, a few words. */
  readonly title: string;
  /** When the finding is raised, one sentence. */
  readonly raised: string;
  /** When it ends, one sentence. */
  readonly cleared: string;
  /** Where the rule is from: NVML call or field, kernel file, document. */
  readonly source: string;
  /** What its findings can be, for the documentation and its test. */
  readonly severities: readonly Severity[];
  readonly actions: readonly Action[];
  readonly timing: Timing;
  readonly limits: Readonly<Record<string, Limit>>;
  readonly memory: Memory | undefined;
  readonly look: (state: Judged, context: Context) => readonly Observation[];
}

/** A rule as its author writes it: what is left out is none, or at once. */
export interface RuleText<Name extends string> extends Omit<Rule, 'timing' | 'limits' | 'memory' | 'look'> {
  readonly timing?: Partial<Timing>;
  readonly limits?: Readonly<Record<Name, Limit>>;
  readonly memory?: Memory;
  readonly look: (state: Judged, context: Context<Name>) => readonly Observation[];
}

const AT_ONCE: Timing = { raiseAfterSeconds: 0, clearAfterSeconds: 0 };

/** A rule of the catalogue. */
export function rule<const Name extends string = never>(text: RuleText<Name>): Rule {
  return {
    ...text,
    timing: { ...AT_ONCE, ...text.timing },
    limits: text.limits ?? {},
    memory: text.memory,
    look: text.look as Rule['look'],
  };
}

/** Evidence without what is not known: absent is absent. */
export function evidence(facts: Readonly<Record<string, string | number | undefined>>): Finding['evidence'] {
  const known: Record<string, string | number> = {};
  for (const name in facts) {
    const value = facts[name];
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** The subject of a GPU's finding: its UUID, or its index while the UUID is not known. */
export function gpuSubject(gpu: { readonly uuid: string | undefined; readonly index: number }): FindingSubject {
  return { kind: 'gpu', id: gpu.uuid ?? String(gpu.index) };
}

/** From the least to the worst. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** How much a finding matters: good to know, look at it by day, somebody has to act. */
export type Severity = (typeof SEVERITIES)[number];

/** What a finding can be about. */
export const SUBJECT_KINDS = ['gpu', 'partition', 'workload', 'vf', 'port', 'node', 'agent'] as const;

/** The thing a finding is about: `id` is the GPU's UUID, the partition's or workload's id, a PCI address … */
export interface FindingSubject {
  readonly kind: (typeof SUBJECT_KINDS)[number];
  readonly id: string;
}

/** The closed set of what is recommended, from nothing to the gravest step (metrics-compat.md §5.10). */
export const ACTIONS = [
  'none',
  'watch',
  'restart_workload',
  'fix_configuration',
  'check_hardware',
  'drain',
  'reset_gpu',
  'reboot_node',
  'power_cycle',
  'replace',
] as const;

/** One recommended step of the closed set. */
export type Action = (typeof ACTIONS)[number];

/** Something worth a person's attention, with the evidence and one next step. */
export interface Finding {
  /** Stable, e.g. `gpu_call_stuck`: the rule that says it. */
  readonly code: string;
  readonly severity: Severity;
  readonly subject: FindingSubject;
  readonly sinceUnixSeconds: number;
  /**
   * `present`: what it says holds now. `clearing`: it does not any more, and the finding ends when that has lasted.
   * `unseen`: nobody can tell now, because what would show it is not read.
   */
  readonly condition: 'present' | 'clearing' | 'unseen';
  /** How often it has begun within the last quarter of an hour, where it comes and goes; undefined where it does not. */
  readonly flapping: number | undefined;
  /** The setting that mutes it; undefined when it counts. */
  readonly mutedBy: string | undefined;
  /** One sentence in plain words. */
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly action: Action;
  /** What exactly to do next. */
  readonly nextStep: string;
  /** Where the rule is explained: a file of docs/ with an anchor. */
  readonly docs: string;
}

/** One text for what a finding is: the same condition of the same thing. */
export function findingKey({ code, subject }: Pick<Finding, 'code' | 'subject'>): string {
  return `${code} ${subject.kind} ${subject.id}`;
}

/** How grave a severity is: 0 is the least. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** For sorting: the worst first, then by code and subject. */
export function worstFirst(a: Finding, b: Finding): number {
  return severityRank(b.severity) - severityRank(a.severity) || compare(findingKey(a), findingKey(b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

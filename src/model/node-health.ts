import type { Action } from './finding.js';

/** From the best to the worst; `unknown` where nobody can tell: it is never green on stale data. */
export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;

/** `healthy`: nothing above info. `degraded`: a warning. `unhealthy`: something critical. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** What the findings about one thing come to. */
export interface Verdict {
  readonly status: HealthStatus;
  /** The gravest action that a finding which counts recommends. */
  readonly action: Action;
  /** Codes of the findings that make it so, the worst first; why nobody can tell, for `unknown` without findings. */
  readonly because: readonly string[];
}

/** Verdict of one thing with an id. */
export interface NamedVerdict extends Verdict {
  readonly id: string;
}

/** How a verdict of a GPU changed, and how often since the agent started. */
export interface VerdictChange {
  readonly gpu: string;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly count: number;
}

/** The verdicts, and what was counted since the agent started. */
export interface NodeHealth {
  readonly node: Verdict;
  /** By UUID, or index while that is not known; also GPUs that should be here and are not. */
  readonly gpus: readonly NamedVerdict[];
  readonly partitions: readonly NamedVerdict[];
  /** Findings raised, by code. Muted ones are not counted. */
  readonly raisedByCode: Readonly<Record<string, number>>;
  readonly changes: readonly VerdictChange[];
}

/** The verdict of a thing that has none: nothing is known of it. */
export const NO_VERDICT: Verdict = { status: 'unknown', action: 'none', because: [] };

/** What is known of a node's health before anybody judged it. */
export const NOT_JUDGED: NodeHealth = {
  node: NO_VERDICT,
  gpus: [],
  partitions: [],
  raisedByCode: {},
  changes: [],
};

/** The verdict of the GPU of this UUID or, where it has none, index. */
export function gpuVerdict(
  { gpus }: Pick<NodeHealth, 'gpus'>,
  { uuid, index }: { readonly uuid: string | undefined; readonly index: number },
): Verdict {
  const id = uuid ?? String(index);
  return gpus.find((one) => one.id === id) ?? NO_VERDICT;
}

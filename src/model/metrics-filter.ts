import type { CollectorName } from './node-state.js';

/** Which families of the metrics a scrape wants; what is undefined sorts nothing out. */
export interface MetricsFilter {
  /** Families of these sources, and what the agent says of itself. Never together with `exclude`. */
  readonly collect?: readonly CollectorName[] | undefined;
  /** No families that are made of these sources alone. */
  readonly exclude?: readonly CollectorName[] | undefined;
  /** Families of these names, as the text format has them. */
  readonly names?: readonly string[] | undefined;
}

import type { Finding } from '../model/finding.js';
import type { NodeState } from '../model/node-state.js';

/** What a rule looks at. */
export interface Judged extends Omit<NodeState, 'findings' | 'topologyVersion'> {
  /** Why no further sampler is started although one is wanted; undefined when none is missing. */
  readonly samplerLimit: string | undefined;
}

/** A finding before anybody knows since when it holds. `sinceUnixSeconds` where the evidence itself tells. */
export interface Verdict extends Omit<Finding, 'sinceUnixSeconds'> {
  readonly sinceUnixSeconds?: number;
}

/** One rule: a pure function from a state to what is worth a person's attention. */
export type Rule = (state: Judged) => readonly Verdict[];

/** Evidence without what is not known: absent is absent. */
export function evidence(
  facts: Readonly<Record<string, string | number | undefined>>,
): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

/** The subject of a GPU's finding: its UUID, or its index while the UUID is not known. */
export function gpuSubject(gpu: { readonly uuid: string | undefined; readonly index: number }): Finding['subject'] {
  return { kind: 'gpu', id: gpu.uuid ?? String(gpu.index) };
}

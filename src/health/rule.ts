import type { Finding } from '../model/finding.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import type { NodeState, StuckCall } from '../model/node-state.js';

/** What a rule looks at. */
export interface Judged extends Omit<NodeState, 'findings' | 'topologyVersion'> {
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

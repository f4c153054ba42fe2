import { UNKNOWN } from './quantity.js';

/** As much of a partition as says who is on it; documents and the model both fit. */
export interface HeldPartition {
  readonly workloads: readonly string[];
  readonly allocated?: boolean | undefined;
  readonly share?: { readonly podUid: string; readonly container: string } | undefined;
}

/** Who holds a partition, in words: names where they are known, else as much as is known. */
export function holdersText(
  { workloads, allocated, share }: HeldPartition,
  known: readonly { readonly id: string; readonly name: string }[],
): string {
  if (workloads.length > 0) {
    return workloads.map((id) => known.find((workload) => workload.id === id)?.name ?? id).join(', ');
  }
  if (share !== undefined) return `${share.container} of pod ${share.podUid}`;
  if (allocated === undefined) return UNKNOWN;
  return allocated ? 'somebody unknown' : 'nobody';
}

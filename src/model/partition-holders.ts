import { isPartOf } from './gpu-users.js';
import { hidesGuests } from './process-lists.js';
import { UNKNOWN } from './quantity.js';
import type { AnyReadings } from './readings.js';

/** As much of a partition as says who is on it; documents and the model both fit. */
export interface HeldPartition {
  readonly id: string;
  readonly gpuUuid?: string | undefined;
  readonly gpuIndex?: number | undefined;
  readonly migUuid?: string | undefined;
  readonly workloads: readonly string[];
  readonly allocated?: boolean | undefined;
  readonly share?: { readonly podUid: string; readonly container: string } | undefined;
}

/** As much of a node as says who is on its partitions. */
export interface NodeOfHolders {
  readonly gpus: readonly {
    readonly index: number;
    readonly uuid?: string | undefined;
    readonly readings: AnyReadings;
  }[];
  readonly partitions: readonly HeldPartition[];
  readonly workloads: readonly { readonly id: string; readonly name: string }[];
}

/** Who is behind a GPU's virtual functions: the host's driver lists no process of a guest. */
export const HIDDEN_GUESTS = 'virtual machines, if any (not told to the host)';

/** Who holds a partition, in words: names where they are known, else as much as is known. */
export function holdersText(partition: HeldPartition, node: NodeOfHolders): string {
  const { workloads, allocated, share } = partition;
  if (workloads.length > 0) {
    const names = workloads.map((id) => node.workloads.find((workload) => workload.id === id)?.name ?? id);
    // Whoever has a part is named there alone; these have the whole beside them, as the server of MPS has.
    return [...names, ...(hasParts(partition, node) ? ['its parts'] : [])].join(', ');
  }
  if (share !== undefined) return `${share.container} of pod ${share.podUid}`;
  if (hasParts(partition, node)) return 'shared, see its parts';
  if (allocated !== undefined) return allocated ? 'somebody unknown' : 'nobody';
  const gpu = node.gpus.find((one) => isPartOf(partition, one));
  return gpu !== undefined && hidesGuests(gpu) ? HIDDEN_GUESTS : UNKNOWN;
}

/** Whether others have a part of the GPU or instance that the partition is: turns, clients of MPS, shares. */
function hasParts({ id, gpuUuid, gpuIndex, migUuid }: HeldPartition, { partitions }: NodeOfHolders): boolean {
  // Only a GPU and an instance bear the name of what they are; the others are parts themselves.
  if (id !== (migUuid ?? gpuUuid)) return false;
  return partitions.some(
    (one) => one.id !== id && one.gpuUuid === gpuUuid && one.gpuIndex === gpuIndex && one.migUuid === migUuid,
  );
}

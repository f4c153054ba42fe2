import Type from 'typebox';
import { gpuNamed, notNamed } from '../model/gpu-name.js';
import type { NodeState } from '../model/node-state.js';
import { sysfsAddress } from '../model/pci-address.js';
import { integer, maybe, number, text } from './documents/words.js';
import { Problem } from './problem.js';

/** What every list of the API says of itself, beside its rows. */
export const aboutList = {
  atUnixSeconds: number('Unix time of the state this is taken from.'),
  simulated: maybe(text('There only when the driver is a simulation.')),
  total: integer('How many fit the query; more than there are here when limit cut the list.'),
};

/** Rows of a list at most. */
const MOST_ROWS = 10_000;
/** And unless told otherwise. */
export const USUAL_ROWS = 1_000;

/** Keys that queries of several lists have. */
export const QUERY_KEYS = {
  limit: maybe(
    Type.Integer({ minimum: 1, maximum: MOST_ROWS, description: `At most so many rows; ${USUAL_ROWS} when missing.` }),
  ),
  gpu: maybe(text('Only of this GPU: index, UUID, a start of the UUID that no other has, or PCI address.')),
  workload: maybe(text('Only of the workload of this id or name.')),
} as const;

/** What a list says of itself, of the rows that fit. */
export function listHead({ atUnixSeconds, simulated }: NodeState, fitting: readonly unknown[]) {
  return { atUnixSeconds, simulated, total: fitting.length };
}

/** What can be of a GPU: a row of a list. */
interface OfGpu {
  readonly gpuIndex?: number | undefined;
  readonly gpuUuid?: string | undefined;
  readonly pciBusId?: string | undefined;
}

/**
 * Whether a row is of the GPU of a name; every row is when there is no name. A PCI address may also be that of a
 * function NVML does not see. Throws `gpu_unknown` for a name that is nobody's.
 */
export function rowsOfGpu(
  node: Pick<NodeState, 'gpus' | 'pci' | 'driver'>,
  id: string | undefined,
): (row: OfGpu) => boolean {
  if (id === undefined) return () => true;
  const { gpus, pci } = node;
  const gpu = gpuNamed(gpus, id);
  const busId = gpu?.pciBusId ?? pci.find((one) => one.busId === sysfsAddress(id))?.busId;
  if (gpu === undefined && busId === undefined) throw new Problem('gpu_unknown', notNamed(node, id));
  return ({ gpuIndex, gpuUuid, pciBusId }) => {
    if (gpuUuid !== undefined && gpu?.uuid !== undefined) return gpuUuid === gpu.uuid;
    if (gpuIndex !== undefined && gpu !== undefined) return gpuIndex === gpu.index;
    return pciBusId !== undefined && pciBusId === busId;
  };
}

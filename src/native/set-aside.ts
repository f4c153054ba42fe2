import { type GpuIdentity, isSameGpu } from '../model/gpu-identity.js';
import type { MemberView } from './member-view.js';

/**
 * GPUs in whose driver a sampler sleeps. Each is left out by the next samplers until the one that sleeps is gone, and
 * a while longer each time it happens again: a GPU that hangs on every touch must not cost a process each time.
 */
export interface SetAsideGpu {
  readonly gpu: GpuIdentity;
  /** Generation of the sampler whose thread sleeps. */
  readonly owner: number;
  /** Index of the GPU in that sampler: it stays, because nothing is initialised anew under a call. */
  readonly indexInOwner: number;
  readonly sinceSeconds: number;
  /** When the owner was gone; undefined while it sleeps. */
  readonly freedAtSeconds: number | undefined;
  /** Times this happened to the GPU without a quiet hour between. */
  readonly times: number;
}

/** The table, and what it remembers of GPUs that are back in use. */
export interface SetAside {
  readonly gpus: readonly SetAsideGpu[];
  readonly history: readonly { readonly gpu: GpuIdentity; readonly times: number; readonly atSeconds: number }[];
}

/** Nothing is set aside. */
export const NOTHING_SET_ASIDE: SetAside = { gpus: [], history: [] };

/** A GPU counts as stuck alone only when the others did not follow within this time: a driver-wide hang looks like it at first. */
export const GROUPING_SECONDS = 1;

const FIRST_HOLD_SECONDS = 30;
const LONGEST_HOLD_SECONDS = 600;
const QUIET_SECONDS = 3600;

/** Seconds a GPU stays out after its owner is gone. */
export function holdSeconds(times: number): number {
  return Math.min(FIRST_HOLD_SECONDS * 2 ** (times - 1), LONGEST_HOLD_SECONDS);
}

/** Takes in what the sampler that is read (or the next one) says of its GPUs. */
export function noteStuck(table: SetAside, owner: number, view: MemberView, nowSeconds: number): SetAside {
  const recovered = table.gpus.filter(
    (gpu) => gpu.owner === owner && gpu.freedAtSeconds === undefined && !view.stuckGpus.has(gpu.indexInOwner),
  );
  const fresh = [...view.stuckGpus].filter(([, gpu]) => !table.gpus.some((one) => isSameGpu(one.gpu, gpu)));
  if (recovered.length === 0 && fresh.length === 0) return table;
  let { history } = table;
  const added = fresh.map(([indexInOwner, gpu]): SetAsideGpu => {
    const before = history.find((one) => isSameGpu(one.gpu, gpu));
    const again = before !== undefined && nowSeconds - before.atSeconds < QUIET_SECONDS;
    const times = again ? before.times + 1 : 1;
    history = [...history.filter((one) => one !== before), { gpu, times, atSeconds: nowSeconds }];
    return { gpu, owner, indexInOwner, sinceSeconds: nowSeconds, freedAtSeconds: undefined, times };
  });
  return { gpus: [...table.gpus.filter((gpu) => !recovered.includes(gpu)), ...added], history };
}

/** What looked like one stuck GPU was the first sign of a driver-wide hang: no GPU is to blame. */
export function noteStalled(table: SetAside, owner: number, nowSeconds: number): SetAside {
  const gpus = table.gpus.filter((gpu) => gpu.owner !== owner || nowSeconds - gpu.sinceSeconds >= GROUPING_SECONDS);
  return gpus.length === table.gpus.length ? table : { ...table, gpus };
}

/** The sampler is gone: its GPUs come back after their hold. */
export function noteGone(table: SetAside, owner: number, nowSeconds: number): SetAside {
  if (!table.gpus.some((gpu) => gpu.owner === owner && gpu.freedAtSeconds === undefined)) return table;
  const gpus = table.gpus.map((gpu) =>
    gpu.owner === owner && gpu.freedAtSeconds === undefined ? { ...gpu, freedAtSeconds: nowSeconds } : gpu,
  );
  return { ...table, gpus };
}

/** Drops GPUs whose hold is over. */
export function withoutExpired(table: SetAside, nowSeconds: number): SetAside {
  const gpus = table.gpus.filter((gpu) => backAtSeconds(gpu) > nowSeconds);
  return gpus.length === table.gpus.length ? table : { ...table, gpus };
}

/** When a GPU is taken up again; Infinity while its owner sleeps. */
export function backAtSeconds(gpu: SetAsideGpu): number {
  return gpu.freedAtSeconds === undefined ? Number.POSITIVE_INFINITY : gpu.freedAtSeconds + holdSeconds(gpu.times);
}

import { type GpuIdentity, isSameGpu } from '../model/gpu-identity.js';

/** GPUs a sampler never looks up; `all` = it does not touch the driver. */
export type Exclusion = 'all' | readonly GpuIdentity[];

/** No GPU is left out. */
export const NOTHING: Exclusion = [];

/** Whether a sampler with this exclusion leaves the GPU alone. */
export function excludes(exclusion: Exclusion, gpu: GpuIdentity): boolean {
  return exclusion === 'all' || exclusion.some((one) => isSameGpu(one, gpu));
}

/** Whether both leave out the same GPUs. */
export function sameExclusion(a: Exclusion, b: Exclusion): boolean {
  if (a === 'all' || b === 'all') return a === b;
  return a.every((gpu) => excludes(b, gpu)) && b.every((gpu) => excludes(a, gpu));
}

/** An exclusion without doubles. */
export function exclusionOf(gpus: readonly GpuIdentity[]): Exclusion {
  const distinct = gpus.filter((gpu, at) => !excludes(gpus.slice(0, at), gpu));
  return distinct.length === 0 ? NOTHING : distinct;
}

/**
 * The sampler's flags for it. The sampler finds today's indexes without a look-up, which may hang: see
 * docs/decisions/gpus-are-left-out-by-identity.md.
 */
export function exclusionFlags(exclusion: Exclusion): string[] {
  if (exclusion === 'all') return ['--exclude=all'];
  return exclusion.length === 0 ? [] : [`--exclude=${exclusion.map(flagText).join(',')}`];
}

const UUID = /^GPU-[\w-]+$/;

/** `GPU-…@0000:41:00.0`, or as much of it as is known; the index when nothing else is. */
function flagText({ uuid, pciBusId, index }: GpuIdentity): string {
  const parts = [uuid !== undefined && UUID.test(uuid) ? uuid : undefined, pciBusId].filter(
    (part) => part !== undefined,
  );
  return parts.length > 0 ? parts.join('@') : String(index);
}

/** GPUs a sampler never looks up, by NVML index; `all` = it does not touch the driver. Indexes are sorted. */
export type Exclusion = 'all' | readonly number[];

/** No GPU is left out. */
export const NOTHING: Exclusion = [];

/** Whether a sampler with this exclusion leaves the GPU alone. */
export function excludes(exclusion: Exclusion, gpuIndex: number): boolean {
  return exclusion === 'all' || exclusion.includes(gpuIndex);
}

/** Whether both leave out the same GPUs. */
export function sameExclusion(a: Exclusion, b: Exclusion): boolean {
  if (a === 'all' || b === 'all') return a === b;
  return a.length === b.length && a.every((index, i) => index === b[i]);
}

/**
 * The sampler's flags for it. By index and not by UUID: the sampler would have to look a handle up to learn its UUID,
 * and that look-up is what may hang.
 */
export function exclusionFlags(exclusion: Exclusion): string[] {
  if (exclusion === 'all') return ['--exclude=all'];
  return exclusion.length === 0 ? [] : [`--exclude=${exclusion.join(',')}`];
}

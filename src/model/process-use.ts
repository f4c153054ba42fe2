import type { GpuCondition } from './gpu.js';
import { type AnyReadings, readingOf } from './readings.js';

/** As much of a GPU as says what its processes use of it; documents and the model both fit. */
export interface SampledGpu {
  readonly condition: GpuCondition;
  readonly readings: AnyReadings;
  readonly processes: readonly { readonly type: string }[];
  readonly processUses: readonly { readonly pid: number; readonly smRatio?: number | undefined }[];
}

/**
 * Share of the time in which a process had kernels on the GPU, 0–1. The driver has no new sample of a process that did
 * nothing, and the last one is forgotten after seconds: without one it is idle (nvml.md §12.1). But not where MPS is at
 * work: there the driver samples the server in place of its clients, or they in place of it, and who has no sample is
 * not known to be idle. Undefined also when the driver was not asked, did not answer, or said what cannot be.
 */
export function smRatioOf(gpu: SampledGpu, pid: number): number | undefined {
  if (gpu.condition !== 'up' || readingOf(gpu.readings, 'process_utilization_samples') === undefined) return undefined;
  const use = gpu.processUses.find((one) => one.pid === pid);
  if (use !== undefined) return use.smRatio;
  return gpu.processes.some(({ type }) => type === 'mps') ? undefined : 0;
}

/** The same of several processes together, 1 at most: their samples are not of the very same time. */
export function smRatioOfAll(gpu: SampledGpu, pids: Iterable<number>): number | undefined {
  let sum = 0;
  for (const pid of new Set(pids)) {
    const ratio = smRatioOf(gpu, pid);
    if (ratio === undefined) return undefined;
    sum += ratio;
  }
  return Math.min(1, sum);
}

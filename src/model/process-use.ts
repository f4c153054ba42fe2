import type { Gpu } from './gpu.js';

/**
 * Share of the time in which a process had kernels on the GPU, 0–1. The driver has no new sample of a process that did
 * nothing, and the last one is forgotten after seconds: without one it is idle (nvml.md §12.1). But for clients of MPS:
 * the driver samples their server alone. Undefined when the driver was not asked or did not answer.
 */
export function smRatioOf(gpu: Gpu, pid: number): number | undefined {
  if (gpu.condition !== 'up' || gpu.readings.get('process_utilization_samples') === undefined) return undefined;
  const use = gpu.processUses.find((one) => one.pid === pid);
  if (use !== undefined) return use.smRatio;
  return gpu.processes.some((process) => process.pid === pid && process.type === 'mps') ? undefined : 0;
}

/** The same of several processes together, 1 at most: their samples are not of the very same time. */
export function smRatioOfAll(gpu: Gpu, pids: Iterable<number>): number | undefined {
  let sum = 0;
  for (const pid of new Set(pids)) {
    const ratio = smRatioOf(gpu, pid);
    if (ratio === undefined) return undefined;
    sum += ratio;
  }
  return Math.min(1, sum);
}

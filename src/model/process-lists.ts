import type { ReadingId } from '../native/readings.generated.js';
import type { Gpu } from './gpu.js';
import { type AbsenceReason, type AnyReadings, readingOf } from './readings.js';

const LISTS: readonly ReadingId[] = ['compute_processes', 'graphics_processes', 'mps_processes'];

/** What GPUs and drivers without a kind of work answer: such a list has nobody in it. */
const WITHOUT: ReadonlySet<string> = new Set(['not_supported', 'function_not_found', 'symbol_missing']);

/**
 * Whether all of the driver's process lists were read: at least one, and none that there is failed. `absenceOf` says why
 * a reading is missing.
 */
export function listsRead(absenceOf: (id: ReadingId) => AbsenceReason | undefined): boolean {
  const failures = LISTS.flatMap((id) => absenceOf(id) ?? []);
  return failures.length < LISTS.length && failures.every((why) => WITHOUT.has(why));
}

/** Whether the process lists say who is on the GPU, and so also who is not: all were read, and none was cut off. */
export function listsTell(gpu: Gpu): boolean {
  if (gpu.condition !== 'up' || gpu.processes.length < gpu.processTotal) return false;
  return listsRead((id) => gpu.readings.absence(id));
}

/** nvmlGpuVirtualizationMode_t: the GPU is shared out to virtual machines, as vGPU or as vSGA (nvml.md §6). */
const HOST_MODES: ReadonlySet<number | undefined> = new Set([3, 4]);

/** Whether virtual machines may run on the GPU of which the host's lists tell nothing: their processes are inside them. */
export function hidesGuests({ readings }: { readonly readings: AnyReadings }): boolean {
  return HOST_MODES.has(readingOf(readings, 'virtualization_mode'));
}

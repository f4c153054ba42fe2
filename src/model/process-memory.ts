import type { GpuProcess } from './gpu.js';

/**
 * Device memory by pid. A process that has both compute and graphics work is in two of the driver's lists, with the same
 * memory in both: each counts once. Undefined where the driver does not know.
 */
export function memoryByPid(processes: readonly GpuProcess[]): ReadonlyMap<number, number | undefined> {
  const memory = new Map<number, number | undefined>();
  for (const { pid, usedMemoryBytes } of processes) {
    const known = memory.get(pid);
    memory.set(
      pid,
      known === undefined || usedMemoryBytes === undefined
        ? (known ?? usedMemoryBytes)
        : Math.max(known, usedMemoryBytes),
    );
  }
  return memory;
}

/** Their sum; undefined when one of its parts is not known, without which it would look like less use than there is. */
export function memoryOfAll(processes: readonly GpuProcess[]): number | undefined {
  let sum = 0;
  for (const bytes of memoryByPid(processes).values()) {
    if (bytes === undefined) return undefined;
    sum += bytes;
  }
  return sum;
}

import type { Gpu } from '../model/gpu.js';
import { readingIndex } from '../model/readings.js';
import type { ReadingId } from '../native/readings.generated.js';
import type { Labels, Series, Value } from './family.js';

/**
 * The reading of a GPU, in base units; undefined when the GPU did not answer in its last cycle, so that the last
 * values of a lost or stuck GPU are never shown as live ones.
 */
export function readingOf(gpu: Gpu, index: number): number | undefined {
  if (gpu.condition !== 'up' || gpu.readings.status[index] !== 0) return undefined;
  return gpu.readings.values[index];
}

/** A value that is a reading as it is. */
export function reading(id: ReadingId): Value<Gpu> {
  const index = readingIndex(id);
  return (gpu) => readingOf(gpu, index);
}

/** One line that is a reading as it is. */
export function readingSeries(id: ReadingId, labels: Labels = {}): Series<Gpu> {
  return { labels, value: reading(id) };
}

/** One line per label value, each of which has a reading of its own. */
export function readingsBy(label: string, ids: Readonly<Record<string, ReadingId>>): readonly Series<Gpu>[] {
  return Object.entries(ids).map(([value, id]) => readingSeries(id, { [label]: value }));
}

/** A state-set: 1 for the state whose number the reading is, 0 for the others; all 0 for a number we do not know. */
export function statesOf(
  id: ReadingId,
  label: string,
  states: Readonly<Record<string, number>>,
): readonly Series<Gpu>[] {
  const index = readingIndex(id);
  return Object.entries(states).map(([state, number]) => ({
    labels: { [label]: state },
    value: (gpu) => {
      const current = readingOf(gpu, index);
      return current === undefined ? undefined : Number(current === number);
    },
  }));
}

/** A state-set of a mask, one line per bit. */
export function bitsOf(id: ReadingId, label: string, bits: Readonly<Record<string, number>>): readonly Series<Gpu>[] {
  const index = readingIndex(id);
  return Object.entries(bits).map(([state, bit]) => {
    const weight = 2 ** bit;
    return {
      labels: { [label]: state },
      // Masks are 64 bits wide and `&` would cut them to 32.
      value: (gpu) => {
        const mask = readingOf(gpu, index);
        return mask === undefined ? undefined : Math.floor(mask / weight) % 2;
      },
    };
  });
}

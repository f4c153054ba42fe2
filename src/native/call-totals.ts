import type { CallStatistics } from '../model/node-state.js';
import { reasonName } from '../model/readings.js';
import { CALLS } from './calls.generated.js';

/** Counts per call as `SegmentReader.statistics` lays them out, summed over samplers. */
export type CallTotals = Float64Array;

// Layout of records.h: results (codes 0–30, 999, any other), duration buckets, sum in nanoseconds.
const RESULT_SLOTS = 33;
const DURATION_BUCKETS = 8;
const WORDS_PER_CALL = RESULT_SLOTS + DURATION_BUCKETS + 1;

/** Adds one sampler's counts. Either side may be missing. */
export function addTotals(totals: CallTotals | undefined, more: Float64Array | undefined): CallTotals | undefined {
  if (totals === undefined || more === undefined) return totals ?? more;
  return totals.map((count, index) => count + (more[index] ?? 0));
}

function resultName(slot: number): string {
  if (slot === RESULT_SLOTS - 1) return 'other';
  return reasonName(slot === RESULT_SLOTS - 2 ? 999 : slot);
}

/** The counts by function; functions never called are left out. */
export function callStatistics(totals: CallTotals | undefined): readonly CallStatistics[] {
  if (totals === undefined) return [];
  return CALLS.flatMap(({ symbol }, call) => {
    const words = totals.subarray(call * WORDS_PER_CALL, (call + 1) * WORDS_PER_CALL);
    const results: Record<string, number> = {};
    for (let slot = 0; slot < RESULT_SLOTS; slot++) {
      const count = words[slot] ?? 0;
      if (count > 0) results[resultName(slot)] = count;
    }
    if (Object.keys(results).length === 0) return [];
    let sum = 0;
    const durationBuckets = Array.from(words.subarray(RESULT_SLOTS, RESULT_SLOTS + DURATION_BUCKETS), (count) => {
      sum += count;
      return sum;
    });
    return [{ function: symbol, results, durationBuckets, durationSumSeconds: (words[WORDS_PER_CALL - 1] ?? 0) / 1e9 }];
  });
}

import type { CallStatistics, Rounds } from '../model/node-state.js';

/** Upper bounds of durations in seconds: those the sampler counts its calls by. */
const BOUNDS = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10] as const;

/** Counts the rounds of a source that the agent reads itself. */
export class RoundLog {
  private readonly counts = new Array<number>(BOUNDS.length + 1).fill(0);
  private sumSeconds = 0;
  private readonly errors = new Map<string, number>();
  private readonly skipped = new Map<string, number>();

  /** A round that ended, with its failure by a stable word. */
  ended(durationSeconds: number, failure?: string): void {
    const bound = BOUNDS.findIndex((limit) => durationSeconds <= limit);
    const at = bound < 0 ? BOUNDS.length : bound;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sumSeconds += durationSeconds;
    if (failure !== undefined) this.errors.set(failure, (this.errors.get(failure) ?? 0) + 1);
  }

  /** A round that was due and not begun. */
  leftOut(reason: string): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  rounds(): Rounds {
    let sum = 0;
    return {
      durationBuckets: this.counts.map((count) => {
        sum += count;
        return sum;
      }),
      durationSumSeconds: this.sumSeconds,
      errors: Object.fromEntries(this.errors),
      skipped: Object.fromEntries(this.skipped),
    };
  }
}

/** Rounds that the sampler counts among its calls; none before the first. */
export function roundsOf(call: CallStatistics | undefined, skipped: Rounds['skipped'] = {}): Rounds {
  if (call === undefined) return { ...new RoundLog().rounds(), skipped };
  const { success: _, ...errors } = call.results;
  return { durationBuckets: call.durationBuckets, durationSumSeconds: call.durationSumSeconds, errors, skipped };
}

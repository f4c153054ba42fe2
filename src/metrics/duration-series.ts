import type { Series } from './family.js';

/** Durations as the sampler counts them. */
interface Durations {
  /** Cumulative counts for the bounds 10 µs … 10 s, then +Inf. */
  readonly durationBuckets: readonly number[];
  readonly durationSumSeconds: number;
}

/** Bounds of the buckets in seconds, as label values in canonical form. */
const BOUNDS = ['1e-05', '0.0001', '0.001', '0.01', '0.1', '1.0', '10.0', '+Inf'] as const;

/** The lines of a histogram. */
export function durationSeries<Row>(of: (row: Row) => Durations): readonly Series<Row>[] {
  return [
    ...BOUNDS.map((le, bucket) => ({
      suffix: '_bucket' as const,
      labels: { le },
      value: (row: Row) => of(row).durationBuckets[bucket],
    })),
    { suffix: '_sum', value: (row) => of(row).durationSumSeconds },
    { suffix: '_count', value: (row) => of(row).durationBuckets[BOUNDS.length - 1] },
  ];
}

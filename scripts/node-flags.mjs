/**
 * How Node is started for the service, everywhere alike: `npm start`, the systemd unit, the image and the benchmarks.
 *
 * - The young generation would otherwise keep 60 MiB after a few scrapes.
 * - One thread of V8's own and collection on the main one: on a small heap helpers cost more CPU than they save, and
 *   each keeps a heap of the C library (measured: a fifth of the CPU of a scrape of 10,000 series, 3 MiB).
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=96',
  '--v8-pool-size=1',
  '--single-threaded-gc',
];

import type { Clock } from '../native/clock.js';

/** The moment a state is made at, read once so that all ages in it agree. */
export interface Moment {
  readonly monotonicSeconds: number;
  readonly unixSeconds: number;
}

/** Reads the clock. */
export function momentOf(clock: Clock): Moment {
  return { monotonicSeconds: clock.monotonicSeconds(), unixSeconds: clock.unixSeconds() };
}

/** Seconds since a monotonic time stamp in nanoseconds; undefined for 0 = never. Not negative. */
export function ageSeconds(moment: Moment, monotonicNs: number): number | undefined {
  return monotonicNs === 0 ? undefined : Math.max(0, moment.monotonicSeconds - monotonicNs / 1e9);
}

/** Text, or undefined when empty: shared memory has no other way to say "not known". */
export function known(text: string): string | undefined {
  return text === '' ? undefined : text;
}

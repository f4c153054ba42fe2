import type { Addon } from './addon.js';

/** The one injected clock: data ages and cadence read it. Real, or that of a simulated node. */
export interface Clock {
  /** Seconds of CLOCK_MONOTONIC: comparable with every `…MonotonicNs` of a sampler. */
  monotonicSeconds(): number;
  /** Seconds since 1970. */
  unixSeconds(): number;
}

/** The clock that samplers started with the same `--clock.file` read. Throws when the file is no clock. */
export function nodeClock(addon: Addon, file: string | undefined): Clock {
  addon.clockNow(file);
  return {
    monotonicSeconds: () => addon.clockNow(file).monotonicNs / 1e9,
    unixSeconds: () => addon.clockNow(file).realtimeNs / 1e9,
  };
}

import type { Moment } from './moment.js';
import type { Observation, Sight, Timing } from './rule.js';

/** Beginnings of one finding within `FLAP_WINDOW_SECONDS` that make it flapping. */
export const FLAPS = 3;
/** Time in which they are counted. */
export const FLAP_WINDOW_SECONDS = 900;
/** How long a flapping finding must be quiet before it ends. */
export const FLAP_QUIET_SECONDS = 600;

/** What is remembered of one condition of one subject. Times are monotonic unless they say otherwise. */
export interface Life {
  /** What was seen last. */
  readonly sight: Sight;
  readonly condition: 'present' | 'clearing' | 'unseen';
  /** Since when it has been seen without a break, up to `seenSeconds`. */
  readonly beganSeconds: number;
  readonly beganUnixSeconds: number;
  /** When it was seen last. */
  readonly seenSeconds: number;
  /** Unix time of the beginning that the finding is told with; undefined while there is no finding. */
  readonly openSinceUnixSeconds: number | undefined;
  /** Recent beginnings of the finding, those too that came while it had not ended. */
  readonly beginnings: readonly number[];
}

/** Whether it comes and goes. */
export function isFlapping({ beginnings }: Life): boolean {
  return beginnings.length >= FLAPS;
}

/**
 * The life after another look: `observation` undefined = the subject is well. Undefined when there is nothing left to
 * remember.
 */
export function lived(
  before: Life | undefined,
  observation: Observation | undefined,
  timing: Timing,
  now: Moment,
): Life | undefined {
  const recent = (before?.beginnings ?? []).filter((at) => now.monotonicSeconds - at < FLAP_WINDOW_SECONDS);
  if (observation === undefined) return before === undefined ? undefined : quiet(before, recent, timing, now);
  if ('unseen' in observation) {
    // Nobody says that it is well: what was said stays said. What was only about to be said begins anew.
    if (before?.openSinceUnixSeconds !== undefined) return { ...before, condition: 'unseen', beginnings: recent };
    return before === undefined ? undefined : forgotten(before, recent);
  }
  return seen(before, observation, recent, timing, now);
}

function seen(
  before: Life | undefined,
  sight: Sight,
  recent: readonly number[],
  { raiseAfterSeconds }: Timing,
  now: Moment,
): Life {
  const goesOn = before !== undefined && before.condition !== 'clearing';
  const beganSeconds = goesOn ? before.beganSeconds : now.monotonicSeconds;
  const beganUnixSeconds = goesOn ? before.beganUnixSeconds : (sight.sinceUnixSeconds ?? now.unixSeconds);
  const isDue = now.monotonicSeconds - beganSeconds >= raiseAfterSeconds;
  const openBefore = before?.openSinceUnixSeconds;
  const begins = isDue && (openBefore === undefined || (before !== undefined && !goesOn));
  return {
    sight,
    condition: 'present',
    beganSeconds,
    beganUnixSeconds,
    seenSeconds: now.monotonicSeconds,
    openSinceUnixSeconds: isDue ? (openBefore ?? sight.sinceUnixSeconds ?? beganUnixSeconds) : openBefore,
    beginnings: begins ? [...recent, now.monotonicSeconds] : recent,
  };
}

function quiet(before: Life, recent: readonly number[], timing: Timing, now: Moment): Life | undefined {
  const { openSinceUnixSeconds } = before;
  const wait =
    recent.length >= FLAPS ? Math.max(timing.clearAfterSeconds, FLAP_QUIET_SECONDS) : timing.clearAfterSeconds;
  const isOver = now.monotonicSeconds - before.seenSeconds >= wait;
  if (openSinceUnixSeconds !== undefined && !isOver) return { ...before, condition: 'clearing', beginnings: recent };
  return forgotten(before, recent);
}

/** No finding any more; only how often it began lately is remembered. */
function forgotten(before: Life, recent: readonly number[]): Life | undefined {
  return recent.length === 0
    ? undefined
    : { ...before, condition: 'clearing', openSinceUnixSeconds: undefined, beginnings: recent };
}

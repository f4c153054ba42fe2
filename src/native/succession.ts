import type { GpuIdentity } from '../model/gpu-identity.js';
import { type Exclusion, excludes, exclusionOf, sameExclusion } from './exclusion.js';
import { type Fleet, isAsleep, type Member, newestMember, shownMember } from './fleet.js';
import { current } from './hold-off.js';
import { backAtSeconds, GROUPING_SECONDS, withoutExpired } from './set-aside.js';

/** One thing to do. The supervisor does it and tells the fleet what came of it. */
export type Step =
  | { readonly kind: 'start'; readonly exclusion: Exclusion; readonly why: string }
  | { readonly kind: 'show'; readonly generation: number }
  | { readonly kind: 'leave'; readonly generation: number; readonly why: string }
  | { readonly kind: 'kill'; readonly generation: number };

/** What to do now, when to look again, and what cannot be done. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Process-clock second of the next look without any news; undefined = none needed. */
  readonly nextLookSeconds: number | undefined;
  /** A sampler is wanted and none is started, in plain words. */
  readonly limitReached: string | undefined;
}

/** Times the succession goes by, in seconds. */
export interface SuccessionTimes {
  /** A successor that is not fresh by then is given up: the attach deadline and some more. */
  readonly takeOverSeconds: number;
  /** Without a wake-up for that long (injected clock) a sampler counts as dead. */
  readonly silenceSeconds: number;
}

/** At most this many processes are left asleep in the driver. */
export const MOST_ASLEEP = 2;

const RELEASE_LEAVE_SECONDS = 0.7;
const RELEASE_KILL_SECONDS = 1.5;
const STALL_PROBE_SECONDS = 60;
const LONGEST_MISMATCH_WAIT_SECONDS = 60;

/** What a sampler started now should leave out. */
export function desiredExclusion(fleet: Fleet, nowSeconds: number): Exclusion {
  const released = current(fleet.released, nowSeconds);
  if (released.some((one) => one.gpu === 'all')) return 'all';
  const stuck = fleet.setAside.gpus.filter(
    (gpu) => nowSeconds - gpu.sinceSeconds >= GROUPING_SECONDS && backAtSeconds(gpu) > nowSeconds,
  );
  return exclusionOf([...released.map((one) => one.gpu as GpuIdentity), ...stuck.map(({ gpu }) => gpu)]);
}

/** Whether a sampler's readings can be shown instead of the predecessor's. */
export function isFresh(member: Member, predecessor: Member | undefined): boolean {
  const { driver, gpuCount, settledGpus } = member.view;
  if (driver === 'starting') return false;
  if (driver !== 'initialized') return driver === 'unused' || predecessor?.view.driver !== 'initialized';
  for (let index = 0; index < gpuCount; index++) {
    if (!settledGpus.has(index)) return false;
  }
  return true;
}

/** Decides. Pure: the same fleet and time give the same plan. */
export function plan(before: Fleet, nowSeconds: number, clockSeconds: number, times: SuccessionTimes): Plan {
  if (before.closing) return closingPlan(before);
  const fleet = tidied(before, nowSeconds);
  const shown = shownMember(fleet);
  const newest = newestMember(fleet);
  const steps: Step[] = [...releaseSteps(fleet, nowSeconds)];
  const looks: number[] = [...dueTimes(fleet, nowSeconds)];

  if (newest !== undefined && newest !== shown) {
    if (shown === undefined || isFresh(newest, shown)) {
      steps.push({ kind: 'show', generation: newest.generation });
      for (const old of fleet.members) {
        if (old !== newest && old.askedAtSeconds === undefined) {
          steps.push({ kind: 'leave', generation: old.generation, why: 'its successor is fresh' });
        }
      }
      return { steps, nextLookSeconds: least(looks), limitReached: undefined };
    }
    const dueSeconds = newest.startedAtSeconds + times.takeOverSeconds;
    if (nowSeconds >= dueSeconds && !isAsleep(newest, nowSeconds)) {
      steps.push({ kind: 'leave', generation: newest.generation, why: 'it did not become fresh in time' });
    } else looks.push(dueSeconds);
  }

  const wanted = reasonToStart(fleet, newest, nowSeconds, clockSeconds, times);
  if (wanted === undefined || nowSeconds < wanted.atSeconds) {
    if (wanted !== undefined) looks.push(wanted.atSeconds);
    return { steps, nextLookSeconds: least(looks), limitReached: undefined };
  }
  const limitReached = limit(fleet, newest, wanted.exclusion, nowSeconds);
  if (limitReached === undefined) {
    // A successor that was overtaken by events makes room for the next.
    if (newest !== undefined && newest !== shown) {
      steps.push({ kind: 'leave', generation: newest.generation, why: 'another set of GPUs is wanted' });
    }
    steps.push({ kind: 'start', exclusion: wanted.exclusion, why: wanted.why });
  }
  return { steps, nextLookSeconds: least(looks), limitReached };
}

/** The fleet without hold-offs and set-aside GPUs whose time is over. */
export function tidied(fleet: Fleet, nowSeconds: number): Fleet {
  const released = current(fleet.released, nowSeconds);
  const setAside = withoutExpired(fleet.setAside, nowSeconds);
  return released === fleet.released && setAside === fleet.setAside ? fleet : { ...fleet, released, setAside };
}

function closingPlan(fleet: Fleet): Plan {
  const steps = fleet.members
    .filter((member) => member.askedAtSeconds === undefined)
    .map((member): Step => ({ kind: 'leave', generation: member.generation, why: 'the agent is ending' }));
  return { steps, nextLookSeconds: undefined, limitReached: undefined };
}

interface Wanted {
  readonly exclusion: Exclusion;
  readonly why: string;
  readonly atSeconds: number;
}

function reasonToStart(
  fleet: Fleet,
  newest: Member | undefined,
  nowSeconds: number,
  clockSeconds: number,
  times: SuccessionTimes,
): Wanted | undefined {
  const exclusion = desiredExclusion(fleet, nowSeconds);
  const atSeconds = fleet.notBeforeSeconds;
  if (newest === undefined) return { exclusion, why: 'no sampler is running', atSeconds };
  if (!sameExclusion(newest.exclusion, exclusion)) {
    return { exclusion, why: 'another set of GPUs is to be read', atSeconds };
  }
  if (newest.stalledSinceSeconds !== undefined) {
    const dueSeconds = Math.max(atSeconds, newest.stalledSinceSeconds + STALL_PROBE_SECONDS);
    return { exclusion, why: 'the driver does not answer: a new process tries once', atSeconds: dueSeconds };
  }
  if (newest.view.driver === 'mismatch') {
    const wait = Math.min(2 ** (fleet.mismatches - 1), LONGEST_MISMATCH_WAIT_SECONDS);
    const dueSeconds = Math.max(atSeconds, newest.startedAtSeconds + wait);
    return {
      exclusion,
      why: 'library and kernel driver differ: a new process loads the library anew',
      atSeconds: dueSeconds,
    };
  }
  const silentSeconds = clockSeconds - newest.wokeAtClockSeconds;
  if (silentSeconds > times.silenceSeconds) {
    return { exclusion, why: `the sampler has been silent for ${Math.round(silentSeconds)} s`, atSeconds };
  }
  return undefined;
}

/** Why no process is started although one is wanted; undefined = it may be. */
function limit(fleet: Fleet, newest: Member | undefined, exclusion: Exclusion, nowSeconds: number): string | undefined {
  // One that never touches the driver cannot fall asleep in it.
  if (exclusion === 'all') return undefined;
  const asleep = fleet.members.filter((member) => isAsleep(member, nowSeconds));
  const most = newest?.stalledSinceSeconds === undefined ? MOST_ASLEEP : MOST_ASLEEP - 1;
  if (asleep.length <= most) return undefined;
  const pids = asleep.map((member) => member.pid).join(' and ');
  return `the sampler processes ${pids} sleep in the driver and cannot be ended; no further one is started until one of them wakes up`;
}

/** Release: what still holds a GPU that was handed back is asked to leave soon and then killed. */
function* releaseSteps(fleet: Fleet, nowSeconds: number): Generator<Step> {
  for (const member of fleet.members) {
    const since = releasedSince(fleet, member);
    if (since === undefined) continue;
    if (member.askedAtSeconds === undefined && nowSeconds - since >= RELEASE_LEAVE_SECONDS) {
      yield { kind: 'leave', generation: member.generation, why: 'its GPU was released' };
    }
    if (member.killedAtSeconds === undefined && nowSeconds - since >= RELEASE_KILL_SECONDS) {
      yield { kind: 'kill', generation: member.generation };
    }
  }
}

/** Since when the member holds something that was released; undefined when it does not. */
function releasedSince(fleet: Fleet, member: Member): number | undefined {
  const since = fleet.released
    .filter((one) => (one.gpu === 'all' ? member.exclusion !== 'all' : !excludes(member.exclusion, one.gpu)))
    .map((one) => one.sinceSeconds);
  return since.length === 0 ? undefined : Math.min(...since);
}

function* dueTimes(fleet: Fleet, nowSeconds: number): Generator<number> {
  for (const one of fleet.released) if (one.untilSeconds !== undefined) yield one.untilSeconds;
  for (const gpu of fleet.setAside.gpus) {
    yield backAtSeconds(gpu);
    if (nowSeconds - gpu.sinceSeconds < GROUPING_SECONDS) yield gpu.sinceSeconds + GROUPING_SECONDS;
  }
  for (const member of fleet.members) {
    const since = releasedSince(fleet, member);
    if (since === undefined) continue;
    if (member.askedAtSeconds === undefined) yield since + RELEASE_LEAVE_SECONDS;
    if (member.killedAtSeconds === undefined) yield since + RELEASE_KILL_SECONDS;
  }
}

function least(times: readonly number[]): number | undefined {
  const finite = times.filter(Number.isFinite);
  return finite.length === 0 ? undefined : Math.min(...finite);
}

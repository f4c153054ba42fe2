import type { Exclusion } from './exclusion.js';
import type { HoldOff } from './hold-off.js';
import { type MemberView, UNSEEN } from './member-view.js';
import { NOTHING_SET_ASIDE, noteGone, noteStalled, noteStuck, type SetAside } from './set-aside.js';

/** One sampler process of ours. Times are seconds of the process clock (real monotonic time). */
export interface Member {
  readonly generation: number;
  readonly pid: number;
  readonly exclusion: Exclusion;
  readonly startedAtSeconds: number;
  readonly view: MemberView;
  /** Last wake-up, on the injected clock: a stopped simulated clock is no silence. */
  readonly wokeAtClockSeconds: number;
  /** When it was asked to leave. */
  readonly askedAtSeconds: number | undefined;
  readonly killedAtSeconds: number | undefined;
  /** Its leader exited, a thread sleeps in the kernel. */
  readonly leaderZombie: boolean;
  /** Driver-wide: since when all its lanes, or its control lane, are stuck. */
  readonly stalledSinceSeconds: number | undefined;
}

/** All that the succession decides on. Immutable: the functions here and in succession.ts give a new one. */
export interface Fleet {
  /** By generation, oldest first. */
  readonly members: readonly Member[];
  /** Whose readings are shown. It may be on its way out while its successor is not fresh yet. */
  readonly shownGeneration: number | undefined;
  readonly nextGeneration: number;
  readonly setAside: SetAside;
  readonly released: readonly HoldOff[];
  /** Starts that failed, or samplers that died, since one last ran well. */
  readonly failures: number;
  readonly notBeforeSeconds: number;
  /** Plain words of the last failure; undefined when the newest sampler runs well. */
  readonly failure: string | undefined;
  /** Samplers in a row that found library and kernel driver to differ. */
  readonly mismatches: number;
  /** Samplers started in place of another, for whatever reason. */
  readonly restarts: number;
  readonly closing: boolean;
}

/** Before the first start. */
export const EMPTY_FLEET: Fleet = {
  members: [],
  shownGeneration: undefined,
  nextGeneration: 1,
  setAside: NOTHING_SET_ASIDE,
  released: [],
  failures: 0,
  notBeforeSeconds: Number.NEGATIVE_INFINITY,
  failure: undefined,
  mismatches: 0,
  restarts: 0,
  closing: false,
};

const FIRST_BACKOFF_SECONDS = 0.2;
const LONGEST_BACKOFF_SECONDS = 30;
/** A sampler that ran for so long makes earlier failures forgotten. */
const SOUND_AFTER_SECONDS = 60;

/** The member whose readings are shown. */
export function shownMember(fleet: Fleet): Member | undefined {
  return fleet.members.find((member) => member.generation === fleet.shownGeneration);
}

/** The newest member that was not asked to leave. */
export function newestMember(fleet: Fleet): Member | undefined {
  return fleet.members.findLast((member) => member.askedAtSeconds === undefined);
}

/** Whether a thread of it sleeps in the driver, or it should long be gone and is not. */
export function isAsleep(member: Member, nowSeconds: number): boolean {
  const overdue = member.askedAtSeconds !== undefined && nowSeconds - member.askedAtSeconds > 3;
  return member.leaderZombie || member.view.controlStuck || member.view.stuckGpus.size > 0 || overdue;
}

/** Gives a fleet with one member changed. */
export function withMember(fleet: Fleet, generation: number, change: Partial<Member>): Fleet {
  const members = fleet.members.map((member) => (member.generation === generation ? { ...member, ...change } : member));
  return { ...fleet, members };
}

/** A sampler was started. */
export function noteStarted(
  fleet: Fleet,
  started: { readonly pid: number; readonly exclusion: Exclusion },
  nowSeconds: number,
  clockSeconds: number,
): Fleet {
  const member: Member = {
    ...started,
    generation: fleet.nextGeneration,
    startedAtSeconds: nowSeconds,
    view: UNSEEN,
    wokeAtClockSeconds: clockSeconds,
    askedAtSeconds: undefined,
    killedAtSeconds: undefined,
    leaderZombie: false,
    stalledSinceSeconds: undefined,
  };
  return {
    ...fleet,
    members: [...fleet.members, member],
    nextGeneration: fleet.nextGeneration + 1,
    restarts: fleet.nextGeneration === EMPTY_FLEET.nextGeneration ? 0 : fleet.restarts + 1,
  };
}

/** A start failed or a sampler nobody asked to leave is gone: the next one waits 0.2 s, then twice as long up to 30 s. */
export function noteFailure(fleet: Fleet, reason: string, nowSeconds: number): Fleet {
  const wait = Math.min(FIRST_BACKOFF_SECONDS * 2 ** fleet.failures, LONGEST_BACKOFF_SECONDS);
  return {
    ...fleet,
    failures: fleet.failures + 1,
    failure: reason,
    notBeforeSeconds: nowSeconds + wait,
  };
}

/** A sampler published something. */
export function noteView(
  fleet: Fleet,
  generation: number,
  view: MemberView,
  nowSeconds: number,
  clockSeconds: number,
): Fleet {
  const member = fleet.members.find((one) => one.generation === generation);
  if (member === undefined) return fleet;
  const stalled = isStalled(view, member.exclusion);
  const seen = withMember(fleet, generation, {
    view,
    wokeAtClockSeconds: clockSeconds,
    stalledSinceSeconds: stalled ? (member.stalledSinceSeconds ?? nowSeconds) : undefined,
  });
  // One that was asked to leave keeps what it sleeps in until it is gone.
  if (member.askedAtSeconds !== undefined) return seen;
  const sound = nowSeconds - member.startedAtSeconds >= SOUND_AFTER_SECONDS;
  return {
    ...seen,
    setAside: stalled
      ? noteStalled(fleet.setAside, generation, nowSeconds)
      : noteStuck(fleet.setAside, generation, view, nowSeconds),
    failures: sound ? 0 : fleet.failures,
    failure: view.driver === 'starting' ? fleet.failure : undefined,
    mismatches: mismatchesAfter(fleet, member, view),
  };
}

function mismatchesAfter(fleet: Fleet, member: Member, view: MemberView): number {
  if (view.driver === 'initialized') return 0;
  return view.driver === 'mismatch' && member.view.driver !== 'mismatch' ? fleet.mismatches + 1 : fleet.mismatches;
}

/** A sampler was reaped. `reason` = why, when nobody had asked it to leave. */
export function noteEnded(fleet: Fleet, generation: number, reason: string, nowSeconds: number): Fleet {
  const member = fleet.members.find((one) => one.generation === generation);
  if (member === undefined) return fleet;
  const without: Fleet = {
    ...fleet,
    members: fleet.members.filter((one) => one !== member),
    shownGeneration: fleet.shownGeneration === generation ? undefined : fleet.shownGeneration,
    setAside: noteGone(fleet.setAside, generation, nowSeconds),
  };
  return member.askedAtSeconds === undefined && !fleet.closing ? noteFailure(without, reason, nowSeconds) : without;
}

/**
 * Whether the whole driver hangs, not one GPU: loading or init is stuck, or of two and more GPUs every one that is
 * not left out is late and one at least stuck. A lost GPU has no say in it, unless its look-up is late too.
 */
export function isStalled(view: MemberView, exclusion: Exclusion): boolean {
  if (exclusion === 'all') return false;
  if (view.controlStuck) return true;
  const isLate = (index: number) => view.lateGpus.has(index) || view.stuckGpus.has(index);
  const own = Array.from({ length: view.gpuCount }, (_, index) => index).filter(
    (index) => !view.excludedGpus.has(index) && (isLate(index) || !view.unreadableGpus.has(index)),
  );
  return own.length > 1 && own.some((index) => view.stuckGpus.has(index)) && own.every(isLate);
}

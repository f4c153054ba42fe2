import { type GpuIdentity, gpuName } from '../model/gpu-identity.js';
import type { Addon, EventSnapshot, GpuSnapshot, HamiSnapshot, Snapshot } from './addon.js';
import type { CallTotals } from './call-totals.js';
import { addTotals } from './call-totals.js';
import type { Clock } from './clock.js';
import { exclusionFlags } from './exclusion.js';
import {
  EMPTY_FLEET,
  type Fleet,
  isAsleep,
  type Member,
  noteEnded,
  noteFailure,
  noteStarted,
  noteView,
  withMember,
} from './fleet.js';
import { type HoldOff, withHoldOff, withoutHoldOff } from './hold-off.js';
import { DRIVER_STATES, viewOf } from './member-view.js';
import { nextPollSeconds } from './poll-pace.js';
import { SamplerLink } from './sampler-link.js';
import { plan, type Step, type SuccessionTimes, tidied } from './succession.js';

/** What the supervisor is made of. */
export interface SupervisorOptions {
  readonly addon: Addon;
  readonly samplerPath: string;
  /** The sampler's flags but the exclusion. */
  readonly flags: readonly string[];
  /** For the age of what samplers publish. */
  readonly clock: Clock;
  /** Seconds for backoff, deadlines and hold-offs of real processes; default: the real monotonic clock. */
  readonly processClock?: (() => number) | undefined;
  readonly times: SuccessionTimes;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
}

/** Who is told. */
export interface SupervisorListener {
  /**
   * The shown sampler published; once per cycle. `generation` changes when a successor took over. `records` gives what
   * is only decoded when somebody asks, also later.
   */
  snapshot(snapshot: Snapshot, generation: number, records: Records): void;
}

/** The newest records of a sampler. */
export interface Records {
  gpus(): readonly GpuSnapshot[];
  /** Undefined before the first sweep. */
  hami(): HamiSnapshot | undefined;
}

/** Attempts to get at the driver over all samplers since the agent started. */
export interface InitTotals {
  readonly initAttempts: number;
  readonly reinitializations: number;
  /** In slots like results of calls: codes 0–30, 999, any other. */
  readonly reinitsByCode: readonly number[];
  /** Cycles that GPUs were not given because they were still in an older one. */
  readonly cyclesSkipped: number;
}

interface Backlog {
  readonly events: readonly EventSnapshot[];
  readonly eventsLost: number;
}

const SIGKILL = 9;
const CLOSE_LIMIT_SECONDS = 1;
/** Threads that are not asleep end within this time after their leader. */
const ENDING_SECONDS = 0.4;

/**
 * Starts samplers, reads the one that is shown, and lets one succeed the other. Nothing in here waits for a driver.
 * What to do is decided by `plan` (succession.ts); this class does it.
 */
export class Supervisor {
  private fleetNow: Fleet = EMPTY_FLEET;
  private readonly links = new Map<number, SamplerLink>();
  private readonly hungUp = new Set<number>();
  private readonly zombieSince = new Map<number, number>();
  private readonly snapshots = new Map<number, Snapshot>();
  /** What a sampler that is not shown yet published once and will not say again. */
  private readonly backlog = new Map<number, Backlog>();
  /** Whose memory a successor goes on from: the last that was shown with a driver. */
  private carrier: SamplerLink | undefined;
  private readonly retired = new Set<SamplerLink>();
  private retiredTotals: CallTotals | undefined;
  private retiredInits: InitTotals = { initAttempts: 0, reinitializations: 0, reinitsByCode: [], cyclesSkipped: 0 };
  private timer: NodeJS.Timeout | undefined;
  private timerDueSeconds = Number.POSITIVE_INFINITY;
  private lastDefect: string | undefined;
  private limitText: string | undefined;
  private readonly now: () => number;

  constructor(
    private readonly options: SupervisorOptions,
    private readonly listener: SupervisorListener,
  ) {
    this.now = options.processClock ?? (() => Number(process.hrtime.bigint()) / 1e9);
  }

  /** Starts the first sampler. A failure is no exception: it shows in `fleet` and is tried again. */
  start(): void {
    this.advance();
  }

  /** All samplers and what keeps them. */
  get fleet(): Fleet {
    return tidied(this.fleetNow, this.now());
  }

  /** Why no further sampler is started although one is wanted. */
  get limitReached(): string | undefined {
    return this.limitText;
  }

  /** Seconds of the clock that the fleet's times are on. */
  processSeconds(): number {
    return this.now();
  }

  /** The newest snapshot of a sampler, also of one that sleeps. */
  snapshotOf(generation: number): Snapshot | undefined {
    return this.snapshots.get(generation);
  }

  /** The newest records of a sampler's GPUs; none when it is gone. */
  gpusOf(generation: number): readonly GpuSnapshot[] {
    return this.snapshots.has(generation) ? (this.links.get(generation)?.gpus() ?? []) : [];
  }

  /** Calls by function and result over all samplers since the agent started; undefined before the first. */
  callTotals(): CallTotals | undefined {
    let totals = this.retiredTotals;
    for (const link of this.links.values()) totals = addTotals(totals, link.statistics());
    return totals;
  }

  /** Attempts to initialise NVML, and to do it anew, over all samplers: no counter falls when one succeeds another. */
  initTotals(): InitTotals {
    return [...this.snapshots.values()].reduce(withInits, this.retiredInits);
  }

  /** Stays away from a GPU or all of them; see `release` for the waiting part. */
  holdOff(added: HoldOff): void {
    this.fleetNow = { ...this.fleetNow, released: withHoldOff(this.fleetNow.released, added) };
    this.advance();
  }

  /** Takes a GPU or all of them up again. */
  endHoldOff(gpu: 'all' | GpuIdentity): void {
    this.fleetNow = {
      ...this.fleetNow,
      released: withoutHoldOff(this.fleetNow.released, gpu),
      notBeforeSeconds: this.now(),
    };
    this.advance();
  }

  /**
   * Asks all samplers to leave and waits at most a second for them. One asleep in the driver is left to itself: it
   * ends when its call returns, and holds neither port nor lock of ours.
   */
  async close(): Promise<readonly number[]> {
    this.fleetNow = { ...this.fleetNow, closing: true };
    this.advance();
    const limit = this.now() + CLOSE_LIMIT_SECONDS;
    while (this.now() < limit && this.fleetNow.members.some((member) => !isAsleep(member, this.now()))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.advance();
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    const left = [...this.links.values()].map((link) => link.pid);
    for (const link of [...this.links.values(), ...this.retired]) link.dispose();
    this.links.clear();
    this.retired.clear();
    return left;
  }

  private advance(): void {
    const now = this.now();
    this.reap(now);
    let next: number | undefined;
    // Each round does what the plan says; a plan settles in two rounds, the bound keeps a defect from spinning.
    for (let round = 0; round < 4; round++) {
      this.fleetNow = tidied(this.fleetNow, now);
      const today = plan(this.fleetNow, now, this.options.clock.monotonicSeconds(), this.options.times);
      this.limitText = today.limitReached;
      next = today.nextLookSeconds;
      if (today.steps.length === 0) break;
      for (const step of today.steps) this.take(step, now);
    }
    this.schedule(Math.min(next ?? Number.POSITIVE_INFINITY, this.nextPoll(now), this.nextSilence(now)));
  }

  private take(step: Step, now: number): void {
    switch (step.kind) {
      case 'start':
        this.startOne(step, now);
        break;
      case 'show':
        this.fleetNow = { ...this.fleetNow, shownGeneration: step.generation };
        this.tell(step.generation);
        break;
      case 'leave':
        this.fleetNow = withMember(this.fleetNow, step.generation, { askedAtSeconds: now });
        this.links.get(step.generation)?.askToLeave();
        this.options.log('info', `sampler asked to leave: ${step.why}`, { pid: this.links.get(step.generation)?.pid });
        break;
      case 'kill':
        this.fleetNow = withMember(this.fleetNow, step.generation, { killedAtSeconds: now });
        this.links.get(step.generation)?.signal(SIGKILL);
        break;
    }
  }

  private startOne(step: Step & { kind: 'start' }, now: number): void {
    const generation = this.fleetNow.nextGeneration;
    try {
      const link = new SamplerLink(
        this.options.addon,
        {
          path: this.options.samplerPath,
          flags: [...this.options.flags, ...exclusionFlags(step.exclusion), `--parent-pid=${process.pid}`],
          carryFd: this.carrier?.memoryFd,
        },
        { wake: () => this.wake(generation), hangUp: () => this.noteHangUp(generation) },
      );
      this.links.set(generation, link);
      const clockSeconds = this.options.clock.monotonicSeconds();
      this.fleetNow = noteStarted(this.fleetNow, { pid: link.pid, exclusion: step.exclusion }, now, clockSeconds);
      this.options.log('info', `sampler started: ${step.why}`, {
        pid: link.pid,
        exclusion: step.exclusion === 'all' ? 'all' : step.exclusion.map(gpuName),
      });
    } catch (error) {
      const reason = `the sampler could not be started: ${(error as Error).message}`;
      if (this.fleetNow.failure !== reason) this.options.log('error', reason);
      this.fleetNow = noteFailure(this.fleetNow, reason, now);
    }
  }

  private wake(generation: number): void {
    const link = this.links.get(generation);
    if (link === undefined) return;
    const now = this.now();
    let snapshot: Snapshot | undefined;
    try {
      snapshot = link.read();
    } catch (error) {
      this.giveUp(generation, (error as Error).message, now);
    }
    if (snapshot !== undefined) this.takeIn(generation, link, snapshot, now);
    this.advance();
  }

  private takeIn(generation: number, link: SamplerLink, snapshot: Snapshot, now: number): void {
    this.snapshots.set(generation, snapshot);
    const view = viewOf(snapshot, () => link.gpus());
    this.fleetNow = noteView(this.fleetNow, generation, view, now, this.options.clock.monotonicSeconds());
    if (generation === this.fleetNow.shownGeneration) {
      if (view.driver === 'initialized') this.carry(link);
      this.inform(snapshot, generation, link);
    } else if (generation > (this.fleetNow.shownGeneration ?? 0)) this.keepBacklog(generation, snapshot);
  }

  /** What goes wrong in the listener is a defect of ours and no sampler's fault. Said once as long as it is the same. */
  private inform(snapshot: Snapshot, generation: number, link: SamplerLink): void {
    let defect: string | undefined;
    try {
      this.listener.snapshot(snapshot, generation, link);
    } catch (error) {
      defect = (error as Error).stack ?? String(error);
      if (defect !== this.lastDefect) this.options.log('error', 'defect: a snapshot was not taken in', { err: error });
    }
    this.lastDefect = defect;
  }

  /** A sampler that cannot be understood, of another build say, is sent away. */
  private giveUp(generation: number, reason: string, now: number): void {
    const member = this.member(generation);
    if (member === undefined || member.askedAtSeconds !== undefined) return;
    this.options.log('error', `sampler given up: ${reason}`, { pid: member.pid });
    this.take({ kind: 'leave', generation, why: reason }, now);
    this.fleetNow = noteFailure(this.fleetNow, reason, now);
  }

  private tell(generation: number): void {
    const snapshot = this.snapshots.get(generation);
    const link = this.links.get(generation);
    if (snapshot === undefined || link === undefined) return;
    if (DRIVER_STATES[snapshot.driver.state] === 'initialized') this.carry(link);
    this.inform({ ...snapshot, ...this.backlog.get(generation) }, generation, link);
    this.backlog.delete(generation);
  }

  private keepBacklog(generation: number, { events, eventsLost }: Snapshot): void {
    const before = this.backlog.get(generation);
    this.backlog.set(generation, {
      events: [...(before?.events ?? []), ...events],
      eventsLost: (before?.eventsLost ?? 0) + eventsLost,
    });
  }

  private carry(link: SamplerLink): void {
    if (this.carrier === link) return;
    const before = this.carrier;
    this.carrier = link;
    if (before !== undefined && this.retired.delete(before)) before.dispose();
  }

  private noteHangUp(generation: number): void {
    if (!this.links.has(generation)) return;
    this.hungUp.add(generation);
    this.advance();
  }

  /** Looks at those that were asked to leave or have hung up. */
  private reap(now: number): void {
    for (const [generation, link] of this.links) {
      const member = this.member(generation);
      if (member === undefined || (member.askedAtSeconds === undefined && !this.hungUp.has(generation))) continue;
      const poll = link.poll();
      if (poll.state === 'gone') this.bury(member, link, poll, now);
      else if (poll.state === 'leader-zombie') this.noteZombie(member, now);
    }
  }

  /** A process that ends normally shows a dead leader too, until its other threads have ended. */
  private noteZombie(member: Member, now: number): void {
    if (member.leaderZombie) return;
    const since = this.zombieSince.get(member.generation) ?? now;
    this.zombieSince.set(member.generation, since);
    if (now - since < ENDING_SECONDS) return;
    this.fleetNow = withMember(this.fleetNow, member.generation, { leaderZombie: true });
    this.options.log('warn', 'sampler ended but for a thread asleep in the driver', { pid: member.pid });
  }

  private bury(member: Member, link: SamplerLink, poll: { exitCode?: number; signal?: number }, now: number): void {
    const { generation, pid } = member;
    const how = poll.signal !== undefined ? `signal ${poll.signal}` : `exit status ${poll.exitCode ?? 'unknown'}`;
    const said = link.lastMessage();
    const reason = `the sampler ended by itself (${how})${said === undefined ? '' : `: ${said}`}`;
    if (member.askedAtSeconds === undefined) this.options.log('warn', reason, { pid });
    this.retiredTotals = addTotals(this.retiredTotals, link.statistics());
    this.fleetNow = noteEnded(this.fleetNow, generation, reason, now);
    this.links.delete(generation);
    const last = this.snapshots.get(generation);
    if (last !== undefined) this.retiredInits = withInits(this.retiredInits, last);
    this.snapshots.delete(generation);
    this.backlog.delete(generation);
    this.hungUp.delete(generation);
    this.zombieSince.delete(generation);
    if (link === this.carrier) {
      link.disconnect();
      this.retired.add(link);
    } else link.dispose();
  }

  private member(generation: number): Member | undefined {
    return this.fleetNow.members.find((one) => one.generation === generation);
  }

  private nextPoll(now: number): number {
    const due = this.fleetNow.members
      .filter((one) => one.askedAtSeconds !== undefined || this.hungUp.has(one.generation))
      .map((one) => nextPollSeconds(now, one.askedAtSeconds ?? now));
    return Math.min(Number.POSITIVE_INFINITY, ...due);
  }

  /** When the silence of the newest sampler is worth a look; the injected clock decides whether it is silence. */
  private nextSilence(now: number): number {
    return this.fleetNow.closing || this.links.size === 0
      ? Number.POSITIVE_INFINITY
      : now + this.options.times.silenceSeconds;
  }

  /** One timer for everything. One that is due earlier is kept: it will look, find nothing and set itself anew. */
  private schedule(dueSeconds: number): void {
    const now = this.now();
    if (this.timer !== undefined && this.timerDueSeconds > now && this.timerDueSeconds <= dueSeconds) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerDueSeconds = dueSeconds;
    if (!Number.isFinite(dueSeconds)) return;
    const milliseconds = Math.min(Math.max(1, Math.ceil((dueSeconds - now) * 1000)), 2 ** 31 - 1);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.advance();
    }, milliseconds);
  }
}

function withInits(totals: InitTotals, { driver, watch }: Snapshot): InitTotals {
  return {
    initAttempts: totals.initAttempts + driver.initAttempts,
    reinitializations: totals.reinitializations + driver.reinitializations,
    reinitsByCode: driver.reinitsByCode.map((count, slot) => count + (totals.reinitsByCode[slot] ?? 0)),
    cyclesSkipped: totals.cyclesSkipped + watch.cyclesSkipped,
  };
}

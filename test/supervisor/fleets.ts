import type { GpuIdentity } from '../../src/model/gpu-identity.js';
import {
  EMPTY_FLEET,
  type Fleet,
  noteEnded,
  noteFailure,
  noteStarted,
  noteView,
  withMember,
} from '../../src/native/fleet.js';
import { type MemberView, UNSEEN } from '../../src/native/member-view.js';
import { plan, type Step, type SuccessionTimes, tidied } from '../../src/native/succession.js';

/** Times of the default settings, in seconds. */
export const TIMES: SuccessionTimes = { takeOverSeconds: 75, silenceSeconds: 10 };

/** A driver with eight GPUs that all answer. */
export const WELL: MemberView = {
  ...UNSEEN,
  driver: 'initialized',
  gpuCount: 8,
  settledGpus: new Set([0, 1, 2, 3, 4, 5, 6, 7]),
};

/** The GPU that stood at this index when the test began, with the index at which it stands now. */
export const gpu = (number: number, index = number): GpuIdentity => ({
  index,
  uuid: `GPU-${number}`,
  pciBusId: `0000:0${number}:00.0`,
});

/** The same with a stuck call on some GPUs. */
export const stuckOn = (...gpus: number[]): MemberView => ({
  ...WELL,
  stuckGpus: new Map(gpus.map((index) => [index, gpu(index)])),
  lateGpus: new Set(gpus),
});

/** A fleet whose steps are carried out as the supervisor does, on a clock that only `pass` moves. */
export class Rehearsal {
  fleet: Fleet = EMPTY_FLEET;
  now = 1000;
  /** Every step taken, oldest first. */
  readonly steps: Step[] = [];
  limitReached: string | undefined;
  /** What the next starts find: an exception text, or nothing. */
  startProblem: string | undefined;

  /** Plans and does until nothing is left to do; at most as often as the supervisor. */
  settle(): void {
    for (let round = 0; round < 4; round++) {
      this.fleet = tidied(this.fleet, this.now);
      const { steps, limitReached } = plan(this.fleet, this.now, this.now, TIMES);
      this.limitReached = limitReached;
      if (steps.length === 0) return;
      for (const step of steps) this.take(step);
    }
    throw new Error(`the plan does not settle: ${JSON.stringify(this.steps.slice(-8))}`);
  }

  /** Lets time pass in small steps; every living sampler that is well keeps waking the agent. */
  pass(seconds: number): void {
    const end = this.now + seconds;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 0.1);
      for (const member of this.fleet.members)
        this.fleet = withMember(this.fleet, member.generation, { wokeAtClockSeconds: this.now });
      this.settle();
    }
  }

  view(generation: number, view: MemberView): void {
    this.fleet = noteView(this.fleet, generation, view, this.now, this.now);
    this.settle();
  }

  end(generation: number, reason = 'signal 11'): void {
    this.fleet = noteEnded(this.fleet, generation, reason, this.now);
    this.settle();
  }

  get started(): (Step & { kind: 'start' })[] {
    return this.steps.filter((step) => step.kind === 'start');
  }

  get generations(): readonly number[] {
    return this.fleet.members.map(({ generation }) => generation);
  }

  private take(step: Step): void {
    this.steps.push(step);
    if (step.kind === 'start') {
      if (this.startProblem !== undefined) this.fleet = noteFailure(this.fleet, this.startProblem, this.now);
      else
        this.fleet = noteStarted(
          this.fleet,
          { pid: 100 + this.fleet.nextGeneration, exclusion: step.exclusion },
          this.now,
          this.now,
        );
    } else if (step.kind === 'show') this.fleet = { ...this.fleet, shownGeneration: step.generation };
    else if (step.kind === 'leave') this.fleet = withMember(this.fleet, step.generation, { askedAtSeconds: this.now });
    else this.fleet = withMember(this.fleet, step.generation, { killedAtSeconds: this.now });
  }
}

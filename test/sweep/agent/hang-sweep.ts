import type { NodeState, StuckCall } from '../../../src/model/node-state.js';
import { Ground } from './ground.js';
import { FUNCTION_NOT_FOUND, UNINITIALIZED } from './moments.js';
import { DRIVER_FUNCTIONS } from './plan.js';
import { allFresh, isFresh, type StoppedAgent } from './stopped-agent.js';

const COUNTS = ['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'];
/** Older forms stand right behind the newer ones in the table: at most so many. */
const MOST_FORMS = 3;
/** Between two steps of the clock: long enough for what a step brings about on a crowded machine, mostly. */
const STEP_EVERY_MS = 250;
/** Steps until a call that is made is named, or is taken for one that nobody makes. */
const MOST_STEPS = 12;
const STEPS_TO_SETTLE = 120;
const LOOK_EVERY_MS = 5;

/** Whom a call hangs for: one GPU, or whoever makes it. */
type Victim = number | 'all';

/** Lets calls hang, one after the other, in an agent that has to come back each time. */
export class HangSweep {
  private ground: Ground | undefined;

  private constructor(
    private agent: StoppedAgent,
    private readonly start: () => Promise<StoppedAgent>,
  ) {}

  /** `start` gives an agent; more than one is asked for where one has reason to leave a GPU alone. */
  static async of(start: () => Promise<StoppedAgent>): Promise<HangSweep> {
    return new HangSweep(await started(start), start);
  }

  dispose(): Promise<void> {
    return this.agent.dispose();
  }

  /** Gives what is not as it should be. `without`: functions the driver must lack, or nobody makes the call. */
  async tryCall(name: string, without: readonly string[], victim: Victim): Promise<readonly string[]> {
    this.ground ??= await Ground.of(this.agent, 'hour');
    const problems = await this.tryWithout(name, without, victim);
    if (problems !== 'nobody calls it') return problems;
    // A call that is told no GPU hangs for whoever makes it.
    if (victim !== 'all') return this.tryCall(name, without, 'all');
    const at = DRIVER_FUNCTIONS.indexOf(name);
    for (let forms = 1; forms < MOST_FORMS && forms <= at; forms++) {
      const found = await this.tryWithout(name, DRIVER_FUNCTIONS.slice(at - forms, at), victim);
      if (found !== 'nobody calls it') return found;
    }
    return ['nobody calls it'];
  }

  private async tryWithout(
    name: string,
    without: readonly string[],
    victim: Victim,
  ): Promise<readonly string[] | 'nobody calls it'> {
    const { node } = this.agent;
    try {
      for (const newer of without) node.fault({ function: newer, code: FUNCTION_NOT_FOUND });
      const inAnHour = without.length > 0 || this.ground?.asked.has(name) === true;
      if (inAnHour && (await this.hangs(name, victim, false))) return await this.problemsOf(name, victim);
      if (await this.hangs(name, victim, true)) return await this.problemsOf(name, victim);
      return 'nobody calls it';
    } finally {
      node.clear();
      await this.settle();
    }
  }

  /** Lets it hang, and time go on until it is named. False when nobody makes the call. */
  private async hangs(name: string, victim: Victim, initAnew: boolean): Promise<boolean> {
    const { node } = this.agent;
    let triggers = initAnew ? COUNTS.map((count) => node.fault({ function: count, code: UNINITIALIZED })) : [];
    node.fault({ function: name, hang: 'killable', ...(victim === 'all' ? {} : { gpu: victim }) });
    for (let step = 0; step < MOST_STEPS; step++) {
      // What is measured between two samples is asked for only where an hour did not pass between them.
      if (step % 3 === 2) this.agent.nudge();
      else this.agent.step();
      const state = await this.lookUntil((now) => isNamed(now, name, victim));
      if (isNamed(state, name, victim)) return true;
      if (state.driver.state === 'initialized' || state.driver.state === 'starting') continue;
      for (const trigger of triggers) node.clear(trigger);
      triggers = [];
    }
    return false;
  }

  /** What the agent says beside the name. Whom the hang does not concern is read on. */
  private async problemsOf(name: string, victim: Victim): Promise<readonly string[]> {
    const others = stuckCalls(this.agent.state()).filter((call) => call.function !== name);
    const problems = others.map((call) => `${call.function} is named as well`);
    if (victim === 'all') return problems;
    const isRight = ({ gpus }: NodeState) =>
      gpus.every((gpu) => (gpu.index === victim ? gpu.condition === 'stuck' : isFresh(gpu)));
    this.agent.step();
    for (let step = 0; step < MOST_STEPS; step++) {
      if (isRight(await this.lookUntil(isRight))) return problems;
      this.agent.step();
    }
    const seen = this.agent
      .state()
      .gpus.map(({ index, condition, ageSeconds }) => `${index} ${condition} ${ageSeconds}`);
    return [...problems, `the others are not read on: ${seen.join(', ')}`];
  }

  /** The state that is as wanted, or the last one. */
  private async lookUntil(wanted: (state: NodeState) => boolean): Promise<NodeState> {
    const end = performance.now() + STEP_EVERY_MS;
    for (;;) {
      const state = this.agent.state();
      if (wanted(state) || performance.now() > end) return state;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /**
   * Lets time go on until all is well. A GPU that hung for more than a second is left out, each time for longer, up to
   * ten minutes that no clock of ours shortens: then the next agent takes over, which knows nothing of it.
   */
  private async settle(): Promise<void> {
    const isLeftOut = ({ sampling }: NodeState) => sampling.processes.some(({ excluded }) => excluded.length > 0);
    const isSettled = (state: NodeState) => allFresh(state) || isLeftOut(state);
    let state = this.agent.state();
    for (let step = 0; step < STEPS_TO_SETTLE; step++) {
      this.agent.step();
      state = await this.lookUntil(isSettled);
      if (isSettled(state)) break;
    }
    if (!isSettled(state)) state = await this.agent.until('all is well after the hang', isSettled);
    if (allFresh(state)) return;
    await this.agent.dispose();
    this.agent = await started(this.start);
    this.ground = undefined;
  }
}

async function started(start: () => Promise<StoppedAgent>): Promise<StoppedAgent> {
  const agent = await start();
  await agent.until('every GPU is read', allFresh);
  return agent;
}

/** Calls that are stuck. A wait for events, half a second long, can be in flight over a step of the clock. */
function stuckCalls({ sampling }: NodeState): readonly StuckCall[] {
  return sampling.stuckCalls.filter(
    (call) => call.verdict === 'stuck' && !(call.lane === 'events' && call.function.startsWith('nvmlEventSetWait')),
  );
}

function isNamed({ sampling }: NodeState, name: string, victim: Victim): boolean {
  return sampling.stuckCalls.some(
    (call) =>
      call.verdict === 'stuck' &&
      call.function === name &&
      (victim === 'all' || (call.lane === 'gpu' && call.gpuIndex === victim)),
  );
}

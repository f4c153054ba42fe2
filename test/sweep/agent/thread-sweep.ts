import type { NodeState } from '../../../src/model/node-state.js';
import { NODE_READINGS } from '../../../src/native/readings.generated.js';
import type { CellReport } from './cell-report.js';
import { Counts, resultOf } from './counts.js';
import { Ground } from './ground.js';
import { bringAbout, FUNCTION_NOT_FOUND, type Moment } from './moments.js';
import { type Answer, DRIVER_FUNCTIONS } from './plan.js';
import { allFresh, type StoppedAgent } from './stopped-agent.js';

/** Functions without which there is no driver; the newer forms first. */
const INITS = ['nvmlInitWithFlags', 'nvmlInit_v2', 'nvmlInit'];
const COUNTS = ['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'];
const ALREADY_INITIALIZED = 5;
/** What a count answers that finds no GPU. */
const NONE = [6, 28];
/** Codes of a count that stand for the whole driver: it is initialised anew. */
const DRIVER_GONE = [1, 9, 18];
const STATES: Readonly<Record<number, NodeState['driver']['state']>> = { 9: 'not_loaded', 18: 'mismatch' };

/** Texts that a function gives. */
const TEXTS: Readonly<Record<string, string>> = {
  nvmlSystemGetDriverVersion: 'text/driver_version',
  nvmlSystemGetNVMLVersion: 'text/nvml_version',
  nvmlSystemGetCudaDriverVersion_v2: 'text/cuda_version',
  nvmlSystemGetCudaDriverVersion: 'text/cuda_version',
};

/** Older forms stand right behind the newer ones in the table: at most so many. */
const MOST_FORMS = 3;
/** Events are waited for half a second at a time: each is told in the cycle after it. */
const EVENT_WAIT_MS = 600;
const EVENT_LOOKS = 4;
/** The versions and the count are read by a thread of their own, beside the cycles. */
const MOST_LOOKS = 10;
const LOOK_EVERY_MS = 50;
/** Threads wait in turns, for one another and for the next step of the clock. */
const NUDGE_EVERY_MS = 300;

/** What becomes of the node: it loses what the function is made for, or every GPU, or the driver. */
type Outcome = 'own' | 'no GPU' | 'no driver';

/** Tries calls that the sampler's own threads make: they are about no GPU, or about all. */
export class ThreadSweep {
  private ground: Ground | undefined;
  /** How many of the newer forms the driver must lack that the call is made; by function and moment, as found out. */
  private readonly lacking = new Map<string, number>();

  constructor(
    private readonly agent: StoppedAgent,
    private readonly report: CellReport,
  ) {}

  /** Tries codes of a function at each moment at which it is called. Gives what is not as it should be. */
  async tryFunction(name: string, answers: readonly Answer[]): Promise<readonly string[]> {
    this.ground ??= await this.newGround();
    const moments: readonly Moment[] = this.ground.asked.has(name) ? ['hour', 'new init'] : ['new init'];
    this.report.expect(moments.length * answers.length);
    const problems: string[] = [];
    for (const moment of moments) {
      for (const answer of answers) {
        const found = await this.tryCode(name, answer, moment).catch((error) => [String(error)]);
        this.report.tell(`${name} answers ${answer.code}, ${moment}`, found);
        problems.push(...found.map((problem) => `${answer.code}, ${moment}: ${problem}`));
        if (found.length > 0) this.ground = await this.newGround();
      }
    }
    return problems;
  }

  private async newGround(): Promise<Ground> {
    this.agent.node.clear();
    await this.agent.recovered('hour');
    await pause(EVENT_WAIT_MS);
    return Ground.of(this.agent, 'hour');
  }

  /** On the driver as it is; where nobody makes the call, on one that lacks the newer forms. */
  private async tryCode(name: string, answer: Answer, moment: Moment): Promise<readonly string[]> {
    const at = DRIVER_FUNCTIONS.indexOf(name);
    const key = `${name} ${moment}`;
    const known = this.lacking.get(key);
    const counts = Array.from({ length: Math.min(MOST_FORMS, at + 1) }, (_, forms) => forms);
    for (const forms of known === undefined ? counts : [known, ...counts.filter((other) => other !== known)]) {
      const found = await this.tryWithout(DRIVER_FUNCTIONS.slice(at - forms, at), name, answer, moment);
      if (found === 'nobody calls it') continue;
      this.lacking.set(key, forms);
      return found;
    }
    return ['nobody calls it'];
  }

  private async tryWithout(
    without: readonly string[],
    name: string,
    answer: Answer,
    moment: Moment,
  ): Promise<readonly string[] | 'nobody calls it'> {
    const { node } = this.agent;
    const before = new Counts(this.agent.state()).of(name, resultOf(answer.code));
    const isCounted = () => new Counts(this.agent.state()).of(name, resultOf(answer.code)) > before;
    await bringAbout(moment, this.agent, () => {
      for (const newer of without) node.fault({ function: newer, code: FUNCTION_NOT_FOUND });
      node.fault({ function: name, code: answer.code });
    });
    // Who makes the call makes it now; or the GPUs are read again, and nobody did but, later, the thread of events.
    await this.agent.until(
      `${name} answers, or all is well`,
      (state) => isCounted() || allFresh(state),
      NUDGE_EVERY_MS,
    );
    for (let look = 0; look < EVENT_LOOKS && !isCounted(); look++) {
      await pause(EVENT_WAIT_MS / 2);
      this.agent.nudge();
      await pause(EVENT_WAIT_MS / 4);
    }
    const counted = isCounted();
    const problems = counted ? await this.problemsOf(outcomeOf(name, answer, moment), name, answer) : [];
    node.clear();
    // What a driver does not have is not asked for again until the next init.
    if (answer.isUnsupported) await bringAbout('new init', this.agent, () => {});
    this.agent.step();
    problems.push(...(await this.lastingChanges([])));
    return counted ? problems : 'nobody calls it';
  }

  private async problemsOf(outcome: Outcome, name: string, answer: Answer): Promise<string[]> {
    switch (outcome) {
      case 'no driver': {
        const wanted = STATES[answer.code] ?? 'failed';
        const said = isInitAlready(name, answer)
          ? /nvmlDeviceGetCount\w* answered 1\b/
          : RegExp(`${name} answered ${answer.code}\\b`);
        // At first it may still be what brought the new init about.
        const isSaid = ({ driver }: NodeState) => driver.state === wanted && said.test(driver.message ?? '');
        await this.agent.until(`driver ${wanted}, and why`, isSaid, NUDGE_EVERY_MS);
        return [];
      }
      case 'no GPU': {
        const isEmpty = ({ driver, gpus }: NodeState) =>
          driver.gpuCount === 0 && !gpus.some(({ condition }) => condition === 'up');
        await this.agent.until('no GPU', isEmpty, NUDGE_EVERY_MS);
        return [];
      }
      case 'own': {
        return this.lastingChanges(ownPaths(name));
      }
    }
  }

  /** What stays otherwise when some hours have passed, each with a cycle: what a cycle measures since another has come. */
  private async lastingChanges(own: readonly string[]): Promise<string[]> {
    let changes: string[] = [];
    for (let look = 0; look < MOST_LOOKS; look++) {
      changes = this.changes(await this.agent.until('every GPU is read', allFresh, NUDGE_EVERY_MS), own);
      if (changes.length === 0) break;
      await pause(LOOK_EVERY_MS);
      this.agent.step();
    }
    return changes;
  }

  /** What is otherwise than before, but for these paths of the driver. */
  private changes(state: NodeState, own: readonly string[]): string[] {
    const ground = this.ground as Ground;
    const ofDriver = ground
      .changesOfDriver(state)
      .filter((change) => !own.some((path) => change.includes(` ${path} `)));
    return [...ofDriver, ...state.gpus.flatMap(({ index }) => ground.changesOf(state, index))];
  }
}

function ownPaths(name: string): readonly string[] {
  const text = TEXTS[name];
  const readings = NODE_READINGS.filter(({ origin }) => origin === name).map(({ id }) => id);
  return text === undefined ? readings : [text, ...readings];
}

/** An init that says that it was already made, and was not: the next call tells. */
function isInitAlready(name: string, { code }: Answer): boolean {
  return INITS.includes(name) && code === ALREADY_INITIALIZED;
}

function outcomeOf(name: string, { code }: Answer, moment: Moment): Outcome {
  const isOldest = name === INITS.at(-1) || name === COUNTS.at(-1);
  const asksOlder = code === FUNCTION_NOT_FOUND && !isOldest;
  if (INITS.includes(name)) return asksOlder ? 'own' : 'no driver';
  if (!COUNTS.includes(name) || asksOlder) return 'own';
  if (NONE.includes(code)) return 'no GPU';
  return moment === 'new init' || DRIVER_GONE.includes(code) ? 'no driver' : 'own';
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

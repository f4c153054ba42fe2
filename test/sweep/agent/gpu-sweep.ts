import type { NodeState } from '../../../src/model/node-state.js';
import { Counts, resultOf } from './counts.js';
import { Ground } from './ground.js';
import { bringAbout, FUNCTION_NOT_FOUND, type Moment } from './moments.js';
import type { Answer, GpuCall, Plan } from './plan.js';
import { isFresh, type StoppedAgent } from './stopped-agent.js';

/** Of the short form: one that stands, one that passes, one that takes the GPU, one that could be the driver's. */
const SHORT_CODES = [999, 3, 15, 28];
const LOST = 15;

/** What is not as it should be, by function; of one that was tried and is well there is an empty list. */
export type Problems = ReadonlyMap<string, readonly string[]>;

/** A call that answers a code for one GPU, or for all. */
interface Cell {
  readonly call: GpuCall;
  readonly answer: Answer;
}

interface Disturbed extends Cell {
  readonly gpu: number;
}

const isLookUp = (name: string) => name.startsWith('nvmlDeviceGetHandle');

/** Tries calls that readers of GPUs make, on as many GPUs at a time as there are but one. */
export class GpuSweep {
  private readonly problems = new Map<string, string[]>();

  constructor(
    private readonly agent: StoppedAgent,
    private readonly plan: Plan,
    private readonly scenario: string,
    private readonly whole: boolean,
  ) {}

  async run(calls: readonly GpuCall[]): Promise<Problems> {
    for (const { function: name } of calls) this.problems.set(name, []);
    const drivers = new Map(calls.map(({ without }) => [without.join(), without]));
    for (const [key, without] of drivers) {
      const made = calls.filter((call) => call.without.join() === key);
      await this.runOn(without, made);
    }
    return this.problems;
  }

  /** Calls that are made of a driver that lacks these functions. */
  private async runOn(without: readonly string[], calls: readonly GpuCall[]): Promise<void> {
    this.agent.node.clear();
    for (const name of without) this.agent.node.fault({ function: name, code: FUNCTION_NOT_FOUND });
    const hour = await Ground.of(this.agent, 'hour');
    const inAnHour = calls.filter((call) => hour.asked.has(call.function) && this.shows(hour, call));
    await this.runCells(hour, 'hour', this.cellsOf(inAnHour));
    const others = calls.filter((call) => !inAnHour.includes(call));
    if (others.length === 0) return;
    const twice = await Ground.of(this.agent, 'two cycles');
    const isAsked = ({ function: name }: GpuCall) => twice.asked.has(name);
    await this.runCells(twice, 'hour', this.cellsOf(others.filter(isAsked)));
    await this.runCells(twice, 'new init', this.cellsOf(others.filter((call) => !isAsked(call))));
  }

  /** Whether anything is there that the call is made for. */
  private shows(ground: Ground, call: GpuCall): boolean {
    return call.lost.length === 0 || this.gpusOf(call).some((gpu) => ground.pathsOf(gpu, call.lost).length > 0);
  }

  private gpusOf({ gpus }: GpuCall): readonly number[] {
    return gpus[this.scenario] ?? [];
  }

  /** Every code of every call; in the short form one code of each, in turn. */
  private cellsOf(calls: readonly GpuCall[]): readonly Cell[] {
    return calls.flatMap((call, at) => {
      const short = SHORT_CODES[at % SHORT_CODES.length];
      return this.plan.answers.filter(({ code }) => this.whole || code === short).map((answer) => ({ call, answer }));
    });
  }

  private async runCells(ground: Ground, moment: Moment, cells: readonly Cell[]): Promise<void> {
    let waiting = cells;
    while (waiting.length > 0) {
      const batch: Disturbed[] = [];
      const free = new Set(Array.from({ length: ground.gpuCount }, (_, gpu) => gpu));
      waiting = waiting.filter((cell) => {
        const gpu = this.gpusOf(cell.call).find((one) => free.has(one));
        if (gpu === undefined || free.size === 1) return true;
        free.delete(gpu);
        batch.push({ ...cell, gpu });
        return false;
      });
      if (batch.length === 0) throw new Error(`no GPU of ${this.scenario} makes ${waiting[0]?.call.function}`);
      const uncounted = await this.tryBatch(ground, moment, batch);
      // What is told no GPU is disturbed for all: then all of them lose what it is made for.
      for (const cell of uncounted) await this.tryOnAll(ground, moment, cell);
    }
  }

  private async tryOnAll(ground: Ground, moment: Moment, { call, answer }: Cell): Promise<void> {
    const everybody = Array.from({ length: ground.gpuCount }, (_, gpu) => ({ call, answer, gpu }));
    const faults = [{ function: call.function, code: answer.code }];
    for (const cell of await this.tryBatch(ground, moment, everybody, faults)) {
      this.note(cell, 'call statistics do not tell it');
    }
  }

  /** Gives the cells whose code is not counted. */
  private async tryBatch(
    ground: Ground,
    moment: Moment,
    batch: readonly Disturbed[],
    faults: readonly { function: string; code: number; gpu?: number }[] = batch.map(({ call, answer, gpu }) => ({
      function: call.function,
      code: answer.code,
      gpu,
    })),
  ): Promise<readonly Disturbed[]> {
    const { node } = this.agent;
    const before = this.agent.state();
    const numbers: number[] = [];
    await bringAbout(moment, this.agent, () => {
      for (const fault of faults) numbers.push(node.fault(fault));
    });
    const state = await this.agent.asked(ground.rhythm);
    const found: string[] = [];
    const owners = new Map(batch.map((cell) => [cell.gpu, cell]));
    for (const { index } of state.gpus) {
      const cell = owners.get(index);
      if (cell === undefined) found.push(...undisturbedProblems(ground, state, index));
      else for (const problem of this.problemsOf(ground, state, cell)) this.note(cell, problem);
    }
    found.push(...ground.changesOfDriver(state));
    if (moment === 'hour' && state.driver.reinitializations > before.driver.reinitializations)
      found.push('the driver was initialised anew');
    for (const number of numbers) node.clear(number);
    const healed = await this.agent.recovered(ground.rhythm);
    for (const { index } of healed.gpus) {
      const touched = owners.get(index)?.call.touched ?? [];
      found.push(...ground.changesOf(healed, index, new Set(touched)), ...missing(ground, healed, index, touched));
    }
    ground.goOnFrom(healed);
    const counts = [new Counts(before), new Counts(healed)] as const;
    const uncounted = batch.filter(({ call, answer }) => {
      const result = resultOf(answer.code);
      return counts[1].of(call.function, result) <= counts[0].of(call.function, result);
    });
    for (const problem of found) for (const cell of batch) this.note(cell, problem);
    return uncounted;
  }

  private note({ call, answer }: Cell, problem: string): void {
    this.problems.get(call.function)?.push(`${answer.code}: ${problem}`);
  }

  private problemsOf(ground: Ground, state: NodeState, { gpu, call, answer }: Disturbed): readonly string[] {
    const shown = state.gpus[gpu];
    if (shown === undefined) return ['is not there'];
    if (this.takesGpu(call, answer)) {
      const wanted = answer.code === LOST ? 'lost' : 'failed';
      return shown.condition === wanted ? [] : [`GPU ${gpu} is ${shown.condition}, not ${wanted}`];
    }
    if (!isFresh(shown)) return [`GPU ${gpu} is ${shown.condition}: ${shown.conditionReason}`];
    const problems = ground.changesOf(state, gpu, new Set(call.touched));
    if (answer.asksOlder || answer.isUnsupported) return problems;
    const left = ground.pathsOf(gpu, call.lost).length - missing(ground, state, gpu, call.lost).length;
    return left === 0 ? problems : [...problems, `${left} readings are still there`];
  }

  private takesGpu(call: GpuCall, answer: Answer): boolean {
    if (!isLookUp(call.function)) return answer.takesGpu && call.touched.length > 0;
    const hasOlder = this.plan.calls.some(({ without }) => without.at(-1) === call.function);
    return !(answer.asksOlder && hasOlder);
  }
}

/** Whom the disturbance does not concern: read at the same moment as ever, and everything is as it was. */
function undisturbedProblems(ground: Ground, state: NodeState, gpu: number): string[] {
  const shown = state.gpus[gpu];
  const problems = ground.changesOf(state, gpu);
  return shown !== undefined && isFresh(shown) ? problems : [...problems, `GPU ${gpu} is ${shown?.condition}`];
}

/** Paths of these kinds that were there and are not. */
function missing(ground: Ground, state: NodeState, gpu: number, kinds: readonly string[]): string[] {
  const gone = new Set(ground.changesOf(state, gpu).filter((change) => change.endsWith(' is missing')));
  return ground
    .pathsOf(gpu, kinds)
    .map((path) => `GPU ${gpu}: ${path} is missing`)
    .filter((change) => gone.has(change));
}

import type { NodeState } from '../../../src/model/node-state.js';
import type { CellReport } from './cell-report.js';
import { Counts, resultOf } from './counts.js';
import { isWhole } from './form.js';
import { Ground } from './ground.js';
import { bringAbout, FUNCTION_NOT_FOUND, type Moment } from './moments.js';
import type { Answer, GpuCall, Plan } from './plan.js';
import { isFresh, type Rhythm, type StoppedAgent } from './stopped-agent.js';

/** Of the short form: one that stands, one that passes, one that takes the GPU, one that could be the driver's. */
const SHORT_CODES = [999, 3, 15, 28];
const LOST = 15;
const MOST_TRIES = 3;

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

interface Fault {
  readonly function: string;
  readonly code: number;
  readonly gpu?: number;
}

/** What is not as it should be, or that call statistics do not tell it. */
type Tried = ReadonlyMap<Disturbed, readonly string[] | 'not counted'>;

const isLookUp = (name: string) => name.startsWith('nvmlDeviceGetHandle');

/** Tries calls that readers of GPUs make, on as many GPUs at a time as there are but one. */
export class GpuSweep {
  private readonly problems = new Map<string, string[]>();

  constructor(
    private readonly agent: StoppedAgent,
    private readonly plan: Plan,
    private readonly scenario: string,
    private readonly report: CellReport,
  ) {}

  async run(calls: readonly GpuCall[]): Promise<Problems> {
    for (const { function: name } of calls) this.problems.set(name, []);
    this.report.expect(this.cellsOf(calls).length);
    const drivers = new Map(calls.map(({ without }) => [without.join(), without]));
    for (const [key, without] of drivers) {
      const made = calls.filter((call) => call.without.join() === key);
      await this.runOn(without, made);
    }
    return this.problems;
  }

  /** Calls that are made of a driver that lacks these functions. */
  private async runOn(without: readonly string[], calls: readonly GpuCall[]): Promise<void> {
    const hour = await this.groundOf(without, 'hour');
    const inAnHour = calls.filter((call) => hour.asked.has(call.function) && this.shows(hour, call));
    await this.runCells(without, hour, 'hour', this.cellsOf(inAnHour));
    const others = calls.filter((call) => !inAnHour.includes(call));
    if (others.length === 0) return;
    const twice = await Ground.of(this.agent, 'two cycles');
    const isAsked = ({ function: name }: GpuCall) => twice.asked.has(name);
    const ground = await this.runCells(without, twice, 'hour', this.cellsOf(others.filter(isAsked)));
    await this.runCells(without, ground, 'new init', this.cellsOf(others.filter((call) => !isAsked(call))));
  }

  /** The node with nothing wrong with it but that these functions are missing. */
  private groundOf(without: readonly string[], rhythm: Rhythm): Promise<Ground> {
    this.agent.node.clear();
    for (const name of without) this.agent.node.fault({ function: name, code: FUNCTION_NOT_FOUND });
    return Ground.of(this.agent, rhythm);
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
      return this.plan.answers.filter(({ code }) => isWhole || code === short).map((answer) => ({ call, answer }));
    });
  }

  /** Gives the ground on which one can go on. */
  private async runCells(
    without: readonly string[],
    begin: Ground,
    moment: Moment,
    cells: readonly Cell[],
  ): Promise<Ground> {
    let ground = begin;
    const again = async (error: unknown, tried: readonly Disturbed[]) => {
      for (const cell of tried) this.tell(cell, [String(error)]);
      ground = await this.groundOf(without, ground.rhythm);
    };
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
      const tried = await this.tryUnhurried(ground, moment, batch).catch((error) => again(error, batch));
      if (tried === undefined) continue;
      for (const [cell, problems] of tried) if (problems !== 'not counted') this.tell(cell, problems);
      // What is told no GPU is disturbed for all: then all of them lose what it is made for.
      for (const [cell] of [...tried].filter(([, problems]) => problems === 'not counted')) {
        const found = await this.tryOnAll(ground, moment, cell).catch((error) => again(error, [cell]));
        if (found !== undefined) this.tell(cell, found);
      }
    }
    return ground;
  }

  private async tryOnAll(ground: Ground, moment: Moment, { call, answer }: Cell): Promise<readonly string[]> {
    const everybody = Array.from({ length: ground.gpuCount }, (_, gpu) => ({ call, answer, gpu }));
    const faults = [{ function: call.function, code: answer.code }];
    let tried = await this.tryUnhurried(ground, moment, everybody, faults);
    if ([...tried.values()].includes('not counted')) {
      // What an init gives back was taken in the cycles before: where there was none, nothing is.
      await this.agent.recovered(ground.rhythm);
      tried = await this.tryUnhurried(ground, moment, everybody, faults);
    }
    return [
      ...new Set(
        [...tried.values()].flatMap((problems) =>
          problems === 'not counted' ? ['call statistics do not tell it'] : problems,
        ),
      ),
    ];
  }

  /** On a crowded machine an hour may have a cycle of its own: what is otherwise then says nothing, and is tried anew. */
  private async tryUnhurried(
    ground: Ground,
    moment: Moment,
    batch: readonly Disturbed[],
    faults?: readonly Fault[],
  ): Promise<Tried> {
    for (let left = MOST_TRIES; ; left--) {
      const { nudges } = this.agent;
      const { tried, healed } = await this.tryBatch(ground, moment, batch, faults);
      const isWell = [...tried.values()].every((problems) => problems === 'not counted' || problems.length === 0);
      if (isWell || ground.rhythm !== 'hour' || this.agent.nudges === nudges || left === 1) {
        ground.goOnFrom(healed);
        return tried;
      }
      await this.agent.recovered('hour');
    }
  }

  /** What is not as it should be, by cell. */
  private async tryBatch(
    ground: Ground,
    moment: Moment,
    batch: readonly Disturbed[],
    faults: readonly Fault[] = batch.map(({ call, answer, gpu }) => ({
      function: call.function,
      code: answer.code,
      gpu,
    })),
  ): Promise<{ readonly tried: Tried; readonly healed: NodeState }> {
    const { node } = this.agent;
    const before = this.agent.state();
    const numbers: number[] = [];
    await bringAbout(moment, this.agent, () => {
      for (const fault of faults) numbers.push(node.fault(fault));
    });
    const owners = new Map(batch.map((cell) => [cell.gpu, cell]));
    const look = (state: NodeState) => this.problemsOfNode(ground, moment, before, state, owners);
    let seen = look(await this.agent.asked(ground.rhythm));
    // At an init a GPU is read when it is found and with the cycle: when no time passed between, nothing was measured in
    // it. What is wrong is so in the next cycle as well.
    if (moment === 'new init' && seen.all.length + [...seen.own.values()].flat().length > 0) {
      this.agent.nudge();
      seen = look(await this.agent.asked('hour'));
    }
    for (const number of numbers) node.clear(number);
    const healed = await this.agent.recovered(ground.rhythm);
    const found = [...seen.all];
    for (const { index } of healed.gpus) {
      const touched = owners.get(index)?.call.touched ?? [];
      found.push(...ground.changesOf(healed, index, new Set(touched)), ...missing(ground, healed, index, touched));
    }
    const counts = [new Counts(before), new Counts(healed)] as const;
    const isCounted = ({ call, answer }: Cell) => {
      const result = resultOf(answer.code);
      return counts[1].of(call.function, result) > counts[0].of(call.function, result);
    };
    const tried = new Map(
      batch.map((cell) => [cell, isCounted(cell) ? [...(seen.own.get(cell) ?? []), ...found] : 'not counted'] as const),
    );
    return { tried, healed };
  }

  /** What is wrong with those that are disturbed, each by itself, and with all else. */
  private problemsOfNode(
    ground: Ground,
    moment: Moment,
    before: NodeState,
    state: NodeState,
    owners: ReadonlyMap<number, Disturbed>,
  ): { readonly own: ReadonlyMap<Disturbed, readonly string[]>; readonly all: readonly string[] } {
    const own = new Map<Disturbed, readonly string[]>();
    const all: string[] = [];
    for (const { index } of state.gpus) {
      const cell = owners.get(index);
      if (cell === undefined) all.push(...undisturbedProblems(ground, state, index));
      else own.set(cell, this.problemsOf(ground, state, cell));
    }
    all.push(...ground.changesOfDriver(state));
    if (moment === 'hour' && state.driver.reinitializations > before.driver.reinitializations)
      all.push('the driver was initialised anew');
    return { own, all };
  }

  private tell({ call, answer, gpu }: Disturbed, problems: readonly string[]): void {
    this.report.tell(`${call.function} answers ${answer.code}, ${this.scenario} GPU ${gpu}`, problems);
    this.problems.get(call.function)?.push(...problems.map((problem) => `${answer.code}: ${problem}`));
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

import type { NodeState } from '../../../src/model/node-state.js';
import { Counts } from './counts.js';
import { kindOf, type View, viewOfDriver, viewOfGpu } from './gpu-view.js';
import type { Rhythm, StoppedAgent } from './stopped-agent.js';

/** What an agent shows of a node that nothing disturbs: with it is compared what it shows of one that is. */
export class Ground {
  private constructor(
    private gpus: readonly View[],
    private driver: View,
    /** Paths whose value does not move by itself, of each GPU. */
    private readonly still: readonly ReadonlySet<string>[],
    /** Functions that are asked when time goes on. */
    readonly asked: ReadonlySet<string>,
    readonly rhythm: Rhythm,
  ) {}

  static async of(agent: StoppedAgent, rhythm: Rhythm): Promise<Ground> {
    let first: NodeState;
    let second: NodeState;
    let nudges: number;
    // On a crowded machine an hour may have a cycle of its own: then it is not like the others.
    do {
      // What the hour before was still another way has passed.
      await agent.recovered(rhythm);
      nudges = agent.nudges;
      first = await agent.recovered(rhythm);
      second = await agent.recovered(rhythm);
    } while (rhythm === 'hour' && agent.nudges > nudges);
    const before = first.gpus.map(viewOfGpu);
    const views = second.gpus.map(viewOfGpu);
    const still = views.map(
      (view, gpu) => new Set([...view].flatMap(([path, value]) => (before[gpu]?.get(path) === value ? [path] : []))),
    );
    const counts = [new Counts(first), new Counts(second)] as const;
    const asked = second.calls.map((call) => call.function).filter((name) => counts[1].all(name) > counts[0].all(name));
    return new Ground(views, viewOfDriver(second), still, new Set(asked), rhythm);
  }

  get gpuCount(): number {
    return this.gpus.length;
  }

  /** What a GPU shows otherwise than before, but for these kinds of paths. */
  changesOf(state: NodeState, gpu: number, but: ReadonlySet<string> = new Set()): string[] {
    const shown = state.gpus[gpu];
    const before = this.gpus[gpu];
    if (shown === undefined || before === undefined) return [`GPU ${gpu} is not there`];
    return differences(before, viewOfGpu(shown), this.still[gpu] ?? new Set())
      .filter(({ path }) => !but.has(kindOf(path)))
      .map(({ path, what }) => `GPU ${gpu}: ${path} ${what}`);
  }

  /** The same of driver and node. */
  changesOfDriver(state: NodeState): string[] {
    return differences(this.driver, viewOfDriver(state), new Set(this.driver.keys())).map(
      ({ path, what }) => `driver: ${path} ${what}`,
    );
  }

  /** Paths of a GPU of one of these kinds that are there. */
  pathsOf(gpu: number, kinds: readonly string[]): string[] {
    return [...(this.gpus[gpu]?.keys() ?? [])].filter((path) => kinds.includes(kindOf(path)));
  }

  /** Totals that a disturbance has moved stay moved: what is shown now is what is compared with from here on. */
  goOnFrom(state: NodeState): void {
    this.gpus = state.gpus.map(viewOfGpu);
    this.driver = viewOfDriver(state);
  }
}

function differences(before: View, now: View, still: ReadonlySet<string>): { path: string; what: string }[] {
  const missing = [...before.keys()].filter((path) => !now.has(path)).map((path) => ({ path, what: 'is missing' }));
  const others = [...now].flatMap(([path, value]) => {
    const old = before.get(path);
    if (old === undefined) return [{ path, what: 'has come' }];
    return still.has(path) && old !== value ? [{ path, what: `was ${old} and is ${value}` }] : [];
  });
  return [...missing, ...others];
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatedNode } from '../../../simulator/node.mjs';
import { startService } from '../../../src/agent.js';
import type { Service } from '../../../src/cli/service.js';
import { loadConfig } from '../../../src/config/load.js';
import type { NodeState } from '../../../src/model/node-state.js';
import { createSweptNode } from './nodes.js';

/** More than the hour after which everything is asked anew, and than the longest deadline there can be. */
const HOUR_SECONDS = 3700;
/** More than a cycle, and less than the ten minutes over which activity is measured at most. */
const CYCLE_SECONDS = 550;
/** Each step of the clock makes one cycle, and none is so long that a sampler counts as dead (ten cycles). */
const SETTINGS = [
  '--sampler.interval=500s',
  '--sampler.deadline-attach=1h',
  '--sampler.deadline-fast=1h',
  '--sampler.deadline-slow=1h',
  '--sampler.stale-after=24h',
  '--collector.nvlink-links',
  '--no-collector.hami',
  '--no-collector.pci',
  '--no-collector.processes',
];
const SILENT = { info() {}, warn() {}, error() {} };
/** Waiting for a state, long enough for a crowded machine. */
const WAIT_MS = 45_000;
const NUDGE_EVERY_MS = 1500;
const LOOK_EVERY_MS = 5;

/** How time goes on: an hour at a time, or an hour and then a cycle in which what takes two cycles is measured. */
export type Rhythm = 'hour' | 'two cycles';

/** The agent on a simulated node of its own whose time stands still: it moves by an hour at a time, and with it all. */
export class StoppedAgent {
  private nudged = 0;

  private constructor(
    readonly node: SimulatedNode,
    private readonly folder: string,
    private readonly service: Service,
  ) {}

  static async start(scenario: string, branch: string): Promise<StoppedAgent> {
    const folder = mkdtempSync(join(tmpdir(), 'gna-swept-'));
    const node = createSweptNode(join(folder, 'node'), scenario, branch);
    const { config } = loadConfig([...node.flags(), ...SETTINGS], {}, []);
    return new StoppedAgent(node, folder, await startService(config, SILENT));
  }

  state(): NodeState {
    return this.service.source.current();
  }

  /** Metrics as a scrape gets them. */
  async metrics(): Promise<string> {
    const bytes = await this.service.metrics.render('text');
    const text = Buffer.from(bytes).toString();
    this.service.metrics.release?.(bytes);
    return text;
  }

  /** An hour passes. */
  step(): void {
    this.node.clock({ advanceSeconds: HOUR_SECONDS });
  }

  /**
   * Waits until the state is as wanted, and gives it. Throws with the last state after the limit. Time goes on by a cycle
   * now and then: what a GPU tells long after a tick is told with the next one.
   */
  async until(what: string, wanted: (state: NodeState) => boolean, nudgeEveryMs = NUDGE_EVERY_MS): Promise<NodeState> {
    const limit = performance.now() + WAIT_MS;
    for (;;) {
      const end = performance.now() + nudgeEveryMs;
      while (performance.now() < end) {
        const state = this.state();
        if (wanted(state)) return state;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
      if (performance.now() > limit) throw new Error(`not seen: ${what}; ${summary(this.state())}`);
      this.nudge();
    }
  }

  /** How often a cycle passed by itself. What takes two cycles is then measured in an hour, too. */
  get nudges(): number {
    return this.nudged;
  }

  /** A cycle passes. */
  nudge(): void {
    this.nudged++;
    this.node.clock({ advanceSeconds: CYCLE_SECONDS });
  }

  /** Waits until every GPU was asked, and in a rhythm of two cycles once more. */
  async asked(rhythm: Rhythm): Promise<NodeState> {
    const state = await this.until('every GPU was asked', isAsked);
    if (rhythm === 'hour') return state;
    this.nudge();
    return this.until('every GPU was asked again', isAsked);
  }

  /** An hour passes, and all is well again. */
  async recovered(rhythm: Rhythm): Promise<NodeState> {
    this.step();
    await this.until('every GPU is read', allFresh);
    return this.asked(rhythm);
  }

  async dispose(): Promise<void> {
    this.node.clear();
    await this.service.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Nothing is older than the clock's last step. */
export const isFresh = ({ condition, ageSeconds }: NodeState['gpus'][number]): boolean =>
  condition === 'up' && ageSeconds !== undefined && ageSeconds < 1;

export const allFresh = ({ gpus, driver }: NodeState): boolean =>
  driver.state === 'initialized' && gpus.length > 0 && gpus.every(isFresh);

/** Every GPU was read since the last step, or was found to be unreadable. */
export const isAsked = ({ gpus }: NodeState): boolean =>
  gpus.length > 0 && gpus.every((gpu) => isFresh(gpu) || gpu.condition === 'lost' || gpu.condition === 'failed');

function summary({ driver, sampling, gpus }: NodeState): string {
  return JSON.stringify({
    driver: [driver.state, driver.message],
    sampling: [sampling.state, sampling.reason, sampling.processes, sampling.stuckCalls],
    gpus: gpus.map((gpu) => [gpu.index, gpu.condition, gpu.conditionReason, gpu.ageSeconds]),
  });
}

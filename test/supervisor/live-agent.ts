import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../../src/agent.js';
import type { Service } from '../../src/cli/service.js';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import type { NodeState } from '../../src/model/node-state.js';
import { packageRoot } from '../../src/native/package-root.js';

const SIMULATOR = join(packageRoot(), 'simulator', 'bin', 'gpu-node-simulator.mjs');

/**
 * Cycles and deadlines of tests, in real milliseconds: short enough to see a call get stuck, long enough for a loaded
 * machine.
 */
const QUICK = {
  interval: 200,
  'deadline-fast': 800,
  'deadline-slow': 1500,
  'deadline-attach': 3000,
  'stale-after': 3000,
};

/** A simulated node in a directory of its own, and the agent on it. */
export class LiveAgent {
  readonly directory = join(mkdtempSync(join(tmpdir(), 'live-agent-')), 'node');
  private service: Service | undefined;
  private rate = 1;

  constructor(scenario: string, ...createFlags: string[]) {
    this.simulator('create', '--scenario', scenario, ...createFlags);
  }

  /** Runs a command of the simulator on this node; gives what it prints. */
  simulator(command: string, ...flags: string[]): string {
    const args = [SIMULATOR, command, this.directory, ...flags];
    return execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }).trim();
  }

  /**
   * Lets the node's clock run so many times as fast; before the start. Pauses that are fixed by rule (five seconds
   * before another init, say) pass sooner; cycles and deadlines keep their real length.
   */
  hurry(rate: number): this {
    this.rate = rate;
    this.simulator('clock', '--rate', String(rate));
    return this;
  }

  /** The agent's settings for this node; `flags` replace those of the same name. */
  config(...flags: string[]): Config {
    const name = (flag: string) => flag.split('=')[0];
    const own = new Set(flags.map(name));
    const quick = Object.entries(QUICK).map(([setting, ms]) => `--sampler.${setting}=${ms * this.rate}ms`);
    const usual = [...this.simulator('flags').split('\n'), ...quick].filter((flag) => !own.has(name(flag)));
    return loadConfig([...usual, ...flags], {}, []).config;
  }

  async start(...flags: string[]): Promise<Service> {
    const log = { info() {}, warn() {}, error() {} };
    this.service = await startService(this.config(...flags), log);
    return this.service;
  }

  get running(): Service {
    if (this.service === undefined) throw new Error('the agent was not started');
    return this.service;
  }

  state(): NodeState {
    return this.running.source.current();
  }

  /** Waits until the state is as wanted, and gives it. Throws with the last state after the limit. */
  async until(what: string, wanted: (state: NodeState) => boolean, limitSeconds = 10): Promise<NodeState> {
    const end = performance.now() + limitSeconds * 1000;
    for (;;) {
      const state = this.state();
      if (wanted(state)) return state;
      if (performance.now() > end) throw new Error(`not within ${limitSeconds} s: ${what}; ${summary(state)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends the agent and removes the node. Safe to call twice. */
  async dispose(): Promise<void> {
    await this.service?.close();
    this.service = undefined;
    rmSync(join(this.directory, '..'), { recursive: true, force: true });
  }
}

/** Whether every GPU is read. */
export const allUp = ({ gpus }: NodeState): boolean => gpus.length > 0 && gpus.every((gpu) => gpu.condition === 'up');

function summary({ driver, sampling, gpus, findings }: NodeState): string {
  return JSON.stringify({
    driver: [driver.state, driver.message],
    sampling: [sampling.state, sampling.reason, sampling.processes, sampling.stuckCalls],
    gpus: gpus.map((gpu) => [gpu.index, gpu.condition, gpu.conditionReason, gpu.ageSeconds]),
    findings: findings.map((finding) => finding.code),
  });
}

/**
 * An agent as a process on a simulated node whose clock stands: what it exposes after so many steps of that clock is
 * the same on every machine and in every run.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNode } from '../../simulator/node.mjs';
import { Failure } from '../child.mjs';
import { bundlePath } from '../layout.mjs';
import { NODE_FLAGS } from '../node-flags.mjs';
import { running } from './running.mjs';

/** Readings of the medium cadence come every ten seconds; the first sweep of usage files after a few. */
const STEPS = 24;
const LIMIT_MILLISECONDS = 60_000;
const PAUSE_MILLISECONDS = 20;

/**
 * @typedef {object} Agent
 * @property {string} scenario
 * @property {string} address host and port
 * @property {import('../../simulator/node.mjs').SimulatedNode} node
 * @property {(path: string, accept?: string) => Promise<string>} get body of an answer; throws for another status than 200
 * @property {() => Promise<void>} stop
 */

/**
 * Starts an agent on a scenario and brings its clock to the end of the steps.
 * @param {string} folder
 * @param {string} scenario
 * @returns {Promise<Agent>}
 * @throws {Failure} with the agent's log when it does not get there
 */
export async function startAgent(folder, scenario) {
  const node = createNode(join(folder, scenario), { scenario, frozenClock: true });
  const program = running(process.execPath, [
    ...NODE_FLAGS,
    bundlePath,
    'serve',
    ...node.flags(),
    '--web.listen-address=127.0.0.1:0',
    // Steps of the clock make waits look longer than they are.
    '--health.mute=gpu_call_slow',
    '--health.mute=gpu_call_stuck',
  ]);
  const end = performance.now() + LIMIT_MILLISECONDS;
  /**
   * @template T
   * @param {string} what
   * @param {() => T | undefined | Promise<T | undefined>} look
   * @returns {Promise<T>}
   */
  async function until(what, look) {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (program.hasEnded() || performance.now() > end) {
        program.kill();
        throw new Failure(`${scenario}: ${what} did not come`, program.log());
      }
      await sleep(PAUSE_MILLISECONDS);
    }
  }
  const address = await until('the URL', () => /http:\/\/(127\.0\.0\.1:\d+)/.exec(program.log())?.[1]);
  /** @type {Agent['get']} */
  const get = async (path, accept = '*/*') => {
    const answer = await fetch(`http://${address}${path}`, { headers: { accept } });
    if (!answer.ok) throw new Failure(`${scenario}: ${path} answered ${answer.status}`, await answer.text());
    return answer.text();
  };
  /** Every GPU that can be read has been read at what the clock shows, and everything else once. */
  const settled = async () => {
    const node = JSON.parse(await get('/api/v1/node'));
    const fresh = node.gpus.every(
      (/** @type {any} */ gpu) => gpu.condition !== 'attaching' && (gpu.condition !== 'up' || gpu.ageSeconds === 0),
    );
    return node.driver.state === 'initialized' && fresh ? node : undefined;
  };
  await until('the first readings', settled);
  for (let step = 0; step < STEPS; step++) {
    node.clock({ advanceSeconds: 1 });
    await until(`the readings of second ${step + 1}`, settled);
  }
  return {
    scenario,
    address,
    node,
    get,
    stop: program.stop,
  };
}

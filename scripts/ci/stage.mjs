/** A stage of CI: something that is counted. */
import { performance } from 'node:perf_hooks';
import { perform } from '../checks/check.mjs';
import { Failure } from '../child.mjs';

/** @typedef {import('../reports.mjs').Count} Count */

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {() => Promise<Count>} run counts come from the runners' own reports; what it throws is one failure
 */

/**
 * A check as a stage: it counts as one.
 * @param {import('../checks/check.mjs').Check} check
 * @returns {Stage}
 */
export const checkStage = (check) => ({
  name: check.name,
  async run() {
    const { code, output } = await perform(check);
    if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
    return one(code === 0);
  },
});

/** @param {boolean} good @returns {Count} */
export const one = (good) => ({ passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 });

/**
 * Runs a stage under a heading; a stage never throws.
 * @param {Stage} stage
 * @returns {Promise<Count & { name: string, seconds: number }>}
 */
export async function runStage(stage) {
  console.log(`\n=== ${stage.name}`);
  const started = performance.now();
  let count;
  try {
    count = await stage.run();
  } catch (error) {
    const failure = error instanceof Failure ? `${error.output}\n${error.message}` : /** @type {Error} */ (error).stack;
    console.log(failure);
    count = one(false);
  }
  // A stage that counted nothing has not done what it is there for.
  if (count.passed + count.failed === 0) {
    console.log('this stage counted nothing');
    count = { ...count, failed: 1 };
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`=== ${count.failed === 0 ? 'ok' : 'FAILED'}: ${stage.name} (${seconds.toFixed(0)} s)`);
  return { ...count, name: stage.name, seconds };
}

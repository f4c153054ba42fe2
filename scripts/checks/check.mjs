/** What a check is, and how checks are run and told. */
import { Failure } from '../child.mjs';

/**
 * @typedef {object} CheckResult
 * @property {number} code 0 = good
 * @property {string} output what to show when it is not
 */

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<CheckResult>} run changes nothing in the sources
 * @property {() => Promise<CheckResult>} [fix] repairs the sources
 */

/**
 * Runs one check; what it throws is its failure.
 * @param {Check} check
 * @param {'run' | 'fix'} [how]
 * @returns {Promise<CheckResult>}
 */
export async function perform(check, how = 'run') {
  try {
    return await (how === 'fix' && check.fix !== undefined ? check.fix() : check.run());
  } catch (error) {
    if (error instanceof Failure) return { code: 1, output: `${error.output}${error.message}\n` };
    return { code: 1, output: `${/** @type {Error} */ (error).stack}\n` };
  }
}

/**
 * Runs checks one after another, prints one line for each and the output of those that failed.
 * @param {readonly Check[]} checks
 * @param {'run' | 'fix'} [how]
 * @returns {Promise<number>} how many failed
 */
export async function performAll(checks, how = 'run') {
  let failed = 0;
  for (const check of checks) {
    const started = Date.now();
    const { code, output } = await perform(check, how);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    if (code !== 0) {
      failed++;
      process.stdout.write(`${output.trimEnd()}\n`);
    }
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
  }
  return failed;
}

/** The stages that run tests: their numbers are read from the reports the runners left. */
import { readFileSync } from 'node:fs';
import { runChild } from '../child.mjs';
import { countTap, countVitest, reportPath, sum } from '../reports.mjs';
import { one } from './stage.mjs';

/** @typedef {import('./stage.mjs').Stage} Stage */

/** @type {Stage} */
export const documentedTests = {
  name: 'npm test',
  async run() {
    const { code } = await runChild('npm', ['test'], { show: true });
    const native = countTap(readFileSync(reportPath('native.tap'), 'utf8'));
    const count = sum([native, countVitest(reportPath('vitest.json'))]);
    // The command's word counts beside its reports'.
    return code !== 0 && count.failed === 0 ? sum([count, one(false)]) : count;
  },
};

/** @type {Stage} */
export const sweptAnswers = {
  name: 'answers of the driver (one of each class)',
  async run() {
    const { code } = await runChild(process.execPath, ['scripts/sweep.mjs', '--short'], { show: true });
    const reader = countTap(readFileSync(reportPath('sweep.tap'), 'utf8'));
    const count = sum([reader, countVitest(reportPath('sweep.json'))]);
    return code !== 0 && count.failed === 0 ? sum([count, one(false)]) : count;
  },
};

/**
 * A script that runs Vitest, in its short form.
 * @param {string} name of the stage
 * @param {string} script
 * @param {string} report file name of what it leaves
 * @returns {Stage}
 */
const shortTests = (name, script, report) => ({
  name,
  async run() {
    const { code } = await runChild(process.execPath, [script, '--short'], { show: true });
    const count = countVitest(reportPath(report));
    return code !== 0 && count.failed === 0 ? sum([count, one(false)]) : count;
  },
});

export const hangTests = shortTests('cannot hang (one cell per function)', 'scripts/hang.mjs', 'hang.json');
export const clientTests = shortTests(
  'clients that are not ours (three scenarios)',
  'scripts/clients.mjs',
  'clients.json',
);

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
export const hangTests = {
  name: 'cannot hang (one cell per function)',
  async run() {
    const { code } = await runChild(process.execPath, ['scripts/hang.mjs', '--short'], { show: true });
    const count = countVitest(reportPath('hang.json'));
    return code !== 0 && count.failed === 0 ? sum([count, one(false)]) : count;
  },
};

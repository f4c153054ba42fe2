/**
 * `npm run test:sweep`: every answer of every driver function, field and metric, on every branch (test/sweep).
 * `--short` takes one answer of each class, on the newest branch and few boards. Two branches at a time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode } from '../simulator/node.mjs';
import { ensureBuilt } from './build/ensure-built.mjs';
import { jobs } from './build/steps.mjs';
import { mustRun, runChild, runScript } from './child.mjs';
import { inRoot, simulatorBranches } from './layout.mjs';
import { countTap, reportPath, sum } from './reports.mjs';

/** Together they have a GPU of every kind: with links, fans, MIG, a fabric, performance metrics, protected memory. */
const scenarios = ['gb200', 'rtx-desk', 'dgx-a100-mig', 'hgx-h100', 'h100-confidential', 'l40s-vgpu', 'mixed'];
const shortScenarios = ['gb200', 'rtx-desk'];

/**
 * Sweeps one branch.
 * @param {string} folder for its nodes
 * @param {string} branch
 * @param {boolean} short
 * @returns {Promise<string>} TAP
 */
async function sweepBranch(folder, branch, short) {
  const nodes = (short ? shortScenarios : scenarios).map(
    (scenario) =>
      createNode(join(folder, branch, scenario), { scenario, seed: 7, branch, frozenClock: true }).directory,
  );
  const program = inRoot('out', 'sweep', 'sweep');
  const { code, stdout, output } = await runChild(program, [...(short ? ['--short'] : []), ...nodes]);
  const shown = output.split('\n').filter((line) => !line.startsWith('ok '));
  process.stdout.write(`${shown.join('\n').trimEnd()}\n`);
  // A program that dies says so in no line of its own.
  return code > 1 ? `${stdout}\nBail out! driver branch ${branch}: exit status ${code}\n` : stdout;
}

runScript(async () => {
  await ensureBuilt(['native', 'simulator']);
  await mustRun('building the sweep', 'make', ['-C', 'test/sweep', `-j${jobs}`]);
  const short = process.argv.includes('--short');
  const waiting = short ? simulatorBranches.slice(-1) : [...simulatorBranches];
  const folder = mkdtempSync(join(tmpdir(), 'gna-sweep-'));
  /** @type {string[]} */
  const reports = [];
  const worker = async () => {
    for (let branch = waiting.shift(); branch !== undefined; branch = waiting.shift()) {
      reports.push(await sweepBranch(folder, branch, short));
    }
  };
  try {
    await Promise.all([worker(), worker()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(reportPath('sweep.tap'), reports.join('\n'));
  const { passed, failed } = sum(reports.map(countTap));
  console.log(`answers swept: ${passed} causes good, ${failed} bad`);
  return failed === 0 && passed > 0 ? 0 : 1;
});

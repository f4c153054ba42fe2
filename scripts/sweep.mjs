/**
 * `npm run test:sweep`: every answer of every driver function, field and metric, on every branch (test/sweep), first to
 * the reader of a GPU, then to an agent that runs. `--short` takes one answer of each class, for the agent one of each
 * call, on the newest branch and few boards. Two branches at a time. Other arguments go to Vitest, and then it alone is
 * run.
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
import { runVitest } from './vitest.mjs';

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

/**
 * @param {boolean} short
 * @returns {Promise<import('./reports.mjs').Count>}
 */
async function sweepReader(short) {
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
  const count = sum(reports.map(countTap));
  console.log(`answers swept: ${count.passed} causes good, ${count.failed} bad`);
  return count;
}

runScript(async () => {
  await ensureBuilt();
  await mustRun('building the sweep', 'make', ['-C', 'test/sweep', `-j${jobs}`]);
  const args = process.argv.slice(2);
  const short = args.includes('--short');
  const others = args.filter((arg) => arg !== '--short');
  const counts = others.length > 0 ? [] : [await sweepReader(short)];
  const env = { SWEEP: short ? 'short' : 'all' };
  counts.push(await runVitest('vitest.sweep.config.mjs', 'sweep.json', others, { env }));
  const { passed, failed } = sum(counts);
  return failed === 0 && passed > 0 ? 0 : 1;
});

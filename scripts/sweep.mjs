/**
 * `npm run test:sweep`: every answer of every driver function, field and metric, on every branch (test/sweep), first to
 * the reader of a GPU, then to an agent that runs. `--short` takes one answer of each class, for the agent one of each
 * call, on the newest branch and few boards. Two branches at a time. Other arguments go to Vitest, and then it alone is
 * run. What came of each cell of the agent's part is told as it goes (out/reports/sweep): a run that is cut off says how
 * far it was.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode } from '../simulator/node.mjs';
import { ensureBuilt } from './build/ensure-built.mjs';
import { jobs } from './build/steps.mjs';
import { mustRun, runChild, runScript } from './child.mjs';
import { inRoot, simulatorBranches, sweptCellsDirectory } from './layout.mjs';
import { countTap, reportPath, sum } from './reports.mjs';
import { runVitest } from './vitest.mjs';

/** Together they have a GPU of every kind: with links, fans, MIG, a fabric, performance metrics, protected memory. */
const scenarios = ['gb200', 'rtx-desk', 'dgx-a100-mig', 'hgx-h100', 'h100-confidential', 'l40s-vgpu', 'mixed'];
const shortScenarios = ['gb200', 'rtx-desk'];
/** Between two lines that say how far the agent's part is. */
const TELL_EVERY_MS = 60_000;

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

/** Says what parts of the agent's sweep have told until now. @param {number} started */
function tellCells(started) {
  /** @type {Map<string, { good: number, bad: number }>} */
  const parts = new Map();
  for (const file of existsSync(sweptCellsDirectory) ? readdirSync(sweptCellsDirectory).sort() : []) {
    const part = file.replace(/-.*/, '');
    const text = readFileSync(join(sweptCellsDirectory, file), 'utf8');
    const { good, bad } = parts.get(part) ?? { good: 0, bad: 0 };
    parts.set(part, {
      good: good + (text.match(/^ok /gm)?.length ?? 0),
      bad: bad + (text.match(/^not ok /gm)?.length ?? 0),
    });
  }
  const minutes = (performance.now() - started) / 60_000;
  const counts = [...parts].map(([part, { good, bad }]) => `${part} ${good} good, ${bad} bad`);
  console.log(`cells of a running agent after ${minutes.toFixed(1)} min: ${counts.join('; ')}`);
}

/** A failure for each report of cells that is not whole. */
function incompleteParts() {
  const files = existsSync(sweptCellsDirectory) ? readdirSync(sweptCellsDirectory).sort() : [];
  return files.flatMap((file) => {
    const text = readFileSync(join(sweptCellsDirectory, file), 'utf8');
    const planned = sum(
      [...text.matchAll(/^1\.\.(\d+)$/gm)].map(([, count]) => ({ passed: Number(count), failed: 0, skipped: 0 })),
    );
    const told = text.match(/^(?:not )?ok /gm)?.length ?? 0;
    if (told >= planned.passed && planned.passed > 0) return [];
    console.log(`${file}: ${told} of ${planned.passed} cells were tried`);
    return [{ passed: 0, failed: 1, skipped: 0 }];
  });
}

/**
 * @param {boolean} short
 * @param {readonly string[]} others for Vitest
 * @returns {Promise<import('./reports.mjs').Count>}
 */
async function sweepAgent(short, others) {
  rmSync(sweptCellsDirectory, { recursive: true, force: true });
  const started = performance.now();
  const progress = setInterval(() => tellCells(started), TELL_EVERY_MS);
  try {
    const env = { SWEEP: short ? 'short' : 'all' };
    const count = await runVitest('vitest.sweep.config.mjs', 'sweep.json', others, { env });
    // A part that told fewer cells than it had planned has not swept them.
    return sum([count, ...incompleteParts()]);
  } finally {
    clearInterval(progress);
    tellCells(started);
  }
}

runScript(async () => {
  await ensureBuilt();
  await mustRun('building the sweep', 'make', ['-C', 'test/sweep', `-j${jobs}`]);
  const args = process.argv.slice(2);
  const short = args.includes('--short');
  const others = args.filter((arg) => arg !== '--short');
  const counts = others.length > 0 ? [] : [await sweepReader(short)];
  counts.push(await sweepAgent(short, others));
  const { passed, failed } = sum(counts);
  return failed === 0 && passed > 0 ? 0 : 1;
});

/** What the rules cost: one judgement of a node of 8 GPUs, 64 partitions and 256 workloads, well and full of faults. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NODE_FLAGS } from '../scripts/node-flags.mjs';
import { report } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = `${root}out/bench/judge.mjs`;
const TARGET_MS = 2;

await build({
  entryPoints: [`${root}bench/health/judge.ts`],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'silent',
});

/** @type {import('./table.mjs').Row[]} */
const rows = [0, 20].map((xids) => {
  const { findings, cpuMilliseconds } = JSON.parse(
    execFileSync(process.execPath, [...NODE_FLAGS, bundle, String(xids)], { encoding: 'utf8', timeout: 60_000 }),
  );
  return {
    what: `CPU of all rules, 8 GPUs, 64 partitions, 256 workloads, ${xids} XIDs on each GPU`,
    value: `${cpuMilliseconds.toFixed(3)} ms (${findings} findings)`,
    target: `≤ ${TARGET_MS} ms`,
    met: cpuMilliseconds <= TARGET_MS,
  };
});
report('health', 'Rules', rows);

/** What the rules cost: one judgement of a node of 8 GPUs, 64 partitions and 256 workloads, well and full of faults. */
import { measurement } from './bundle.mjs';
import { report } from './table.mjs';

const TARGET_MS = 2;
const judged = await measurement('health/judge.ts');

/** @type {import('./table.mjs').Row[]} */
const rows = [0, 20].map((xids) => {
  const { findings, cpuMilliseconds } = judged(String(xids));
  return {
    what: `CPU of all rules, 8 GPUs, 64 partitions, 256 workloads, ${xids} XIDs on each GPU`,
    value: `${cpuMilliseconds.toFixed(3)} ms (${findings} findings)`,
    target: `≤ ${TARGET_MS} ms`,
    met: cpuMilliseconds <= TARGET_MS,
  };
});
report('health', 'Rules', rows);

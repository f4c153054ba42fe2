/** What a scrape costs: rendering and compressing, the agent's own metrics included, under the service's heap flags. */
import { measurement } from './bundle.mjs';
import { report } from './table.mjs';

const measured = await measurement('metrics/scrape.ts');

/** Shares on the node, the series they lead to, and what was promised for them in milliseconds. */
const sizes = [
  { shares: 8, about: '1.1k', plain: 1, gzip: 2 },
  { shares: 690, about: '10k', plain: 3, gzip: 7 },
];

/** How much more a series may cost with a pod on every instance and more than with few: it depends on their number alone. */
const FLAT = 1.25;

/** @type {import('./table.mjs').Row[]} */
const rows = [];
for (const { shares, about, ...targets } of sizes) {
  for (const format of ['text', 'openmetrics']) {
    for (const compression of /** @type {const} */ (['plain', 'gzip'])) {
      const { series, bytes, cpuMilliseconds, rssMiB } = measured(String(shares), format, compression);
      const target = targets[compression];
      rows.push({
        what: `CPU per scrape, ${about} series (${series}), ${format}, ${compression}`,
        value: `${cpuMilliseconds.toFixed(2)} ms (${(bytes / 1024).toFixed(0)} KiB; VmRSS of the bench ${rssMiB.toFixed(0)} MiB)`,
        target: `≤ ${target} ms`,
        met: cpuMilliseconds <= target,
      });
    }
  }
}
const [few, many] = [8, 60].map((pods) => ({ pods, ...measured('0', 'text', 'plain', String(pods)) }));
if (few !== undefined && many !== undefined) {
  const costOf = (/** @type {typeof few} */ { cpuMilliseconds, series }) => (cpuMilliseconds * 1000) / series;
  const ratio = costOf(many) / costOf(few);
  const shown = (/** @type {typeof few} */ one) =>
    `${one.cpuMilliseconds.toFixed(2)} ms with ${one.pods} pods (${one.series} series)`;
  rows.push({
    what: 'CPU per scrape, 8 GPUs of 7 MIG instances, text, plain; cost of a series with many pods over few',
    value: `${shown(few)}, ${shown(many)}: ${ratio.toFixed(2)} times`,
    target: `≤ ${FLAT} times`,
    met: ratio <= FLAT,
  });
}
report('scrape', 'Scrapes: rendering and compression', rows);

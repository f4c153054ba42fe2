/** Writes expositions of hand-made nodes into a folder, for parsers that are not ours (scripts/test-exposition.mjs). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import type { NodeState } from '../../src/model/node-state.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { FULL_NODE } from './full-node.js';
import { stoppedClock } from './rendering.js';
import { gpu, node, readings, Source, workload } from './states.js';

/** Numbers and names at the edges of what the formats allow. */
const EDGES = node({
  gpus: [
    gpu(0, {
      readings: readings({
        energy_joules_total: 2 ** 53,
        busy_seconds_total: 1e-7,
        ecc_corrected_total: 1.8446744073709552e19,
        temperature_celsius: Number.POSITIVE_INFINITY,
        memory_temperature_celsius: Number.NEGATIVE_INFINITY,
        power_watts: 5e-324,
      }),
    }),
    gpu(1, { uuid: undefined }),
  ],
  workloads: ['', '\0', '\uD800', '"}\\\n# EOF\n', 'a b', '\r\n', '\u{1F600}', '\u2028\u0085'].map((name, index) =>
    workload(`w${index}`, { name }),
  ),
});

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('expected a folder to write to');
mkdirSync(folder, { recursive: true });

const enabledFamilies = FAMILIES.map(({ name }) => name);
const states: Readonly<Record<string, NodeState>> = { full: FULL_NODE, empty: node(), edges: EDGES };
for (const [name, state] of Object.entries(states)) {
  const renderer = new MetricsRenderer(new Source(state), loadAddon(), { clock: stoppedClock(), enabledFamilies });
  renderer.self?.observeRequest({ route: '/metrics', method: 'GET', code: 200, seconds: 0.003 });
  renderer.self?.observeScrape('/metrics', 0.002);
  for (const format of ['text', 'openmetrics'] as const) {
    writeFileSync(join(folder, `${name}.${format}`), await renderer.render(format));
  }
}

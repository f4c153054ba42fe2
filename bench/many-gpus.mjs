/** Nodes with as many GPUs as wanted, for benchmarks whose size is a number of series. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadScenario } from '../simulator/state/scenario.mjs';

/** Those with most series: Blackwell with 18 NVLinks, each with counters of its own. */
const LIKE = 'gb200';

/**
 * The scenario of a node with so many GPUs, whole ones and without processes.
 * @param {number} count 1 to 64
 * @returns {import('../simulator/state/scenario.mjs').Scenario}
 */
export function manyGpus(count) {
  const scenario = loadScenario(LIKE);
  const [group] = scenario.groups;
  if (group === undefined) throw new Error(`the scenario ${LIKE} has no GPUs`);
  const repeated = Object.entries(group.attributes).map(([name, value]) => [
    name,
    Array.isArray(value) ? Array.from({ length: count }, (_, i) => value[i % value.length]) : value,
  ]);
  const attributes = {
    ...Object.fromEntries(repeated),
    pciDomain: { first: 1, step: 1 },
    boardId: { first: 0x1_0900, step: 0x1_0000 },
    migMode: 0,
    migModePending: 0,
  };
  const load = Array.from({ length: count }, (_, i) => group.load?.[i % (group.load.length || 1)] ?? { steps: [] });
  return {
    ...scenario,
    groups: [{ count, attributes, load, migProfiles: group.migProfiles ?? [], processes: [], mig: [] }],
    host: { hostname: scenario.host.hostname },
  };
}

/** Flags with which every link, fan and pipe is read and shown: all families of GPUs that docs/metrics.md has as off by default. */
export function everything() {
  const docs = readFileSync(fileURLToPath(new URL('../docs/metrics.md', import.meta.url)), 'utf8');
  const names = docs.split('\n').flatMap((line) => /^\| `(gpu_(?!agent_)\w+)` .*Off by default/.exec(line)?.[1] ?? []);
  return ['--collector.nvlink-links', ...names.map((name) => `--metrics.enable=${name}`)];
}

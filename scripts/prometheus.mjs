/**
 * `npm run test:prometheus`: agents on every scenario as Prometheus sees them. Each one's exposition is compared with
 * its golden file and goes through `promtool` and the strict OpenMetrics parser; then a real Prometheus scrapes them all
 * and must give back every sample, and sensible rates once the clocks run. `--update` writes the golden files anew; names
 * of scenarios pick some.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, runChild, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';
import { startAgent } from './prometheus/agents.mjs';
import { compareWithGolden, deviceLines } from './prometheus/golden.mjs';
import { lintExposition } from './prometheus/promtool.mjs';
import { missingSamples } from './prometheus/samples.mjs';
import { startPrometheus } from './prometheus/server.mjs';
import { prometheusProgram, pythonWithClient } from './prometheus/tools.mjs';

/** @typedef {import('./prometheus/agents.mjs').Agent} Agent */

const AT_ONCE = 2;
const SCRAPES = 3;
const SCRAPED_MILLISECONDS = 60_000;
const RATE_SECONDS = 15;
const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';
const expositions = inRoot('out', 'prometheus');

let failures = 0;
/**
 * @param {string} what
 * @param {readonly string[]} problems
 */
function verdict(what, problems) {
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${what}`);
  for (const problem of problems) console.log(`       ${problem}`);
  if (problems.length > 0) failures++;
}

/** @param {readonly string[]} asked @returns {readonly string[]} */
function scenarios(asked) {
  const all = readdirSync(inRoot('simulator', 'scenarios'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
  const unknown = asked.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Failure(`no scenario ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return asked.length > 0 ? asked : all;
}

/**
 * Starts all, a few at a time. Those started are stopped by the caller, also when a later one fails.
 * @param {string} folder
 * @param {readonly string[]} names
 * @param {Agent[]} started
 */
async function startAll(folder, names, started) {
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      started.push(await startAgent(folder, name));
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  started.sort((a, b) => (a.scenario < b.scenario ? -1 : 1));
}

/**
 * The exposition of each against its golden file, and before the parsers of others.
 * @param {readonly Agent[]} agents
 * @param {boolean} update
 */
async function checkExpositions(agents, update) {
  rmSync(expositions, { recursive: true, force: true });
  mkdirSync(expositions, { recursive: true });
  const promtool = await prometheusProgram('promtool');
  const python = await pythonWithClient();
  for (const { scenario, get } of agents) {
    const text = await get('/metrics');
    verdict(`${scenario}: golden exposition`, compareWithGolden(scenario, deviceLines(text), update));
    const path = join(expositions, scenario);
    writeFileSync(`${path}.text`, text);
    writeFileSync(`${path}.openmetrics`, await get('/metrics', OPENMETRICS));
    if (!(await lintExposition(promtool, `${path}.text`))) failures++;
    const check = inRoot('test', 'metrics', 'check-openmetrics.py');
    const parsed = await runChild(python, [check, `${path}.openmetrics`]);
    process.stdout.write(parsed.output);
    if (parsed.code !== 0) failures++;
  }
}

/**
 * A real Prometheus over all of them.
 * @param {string} folder
 * @param {readonly Agent[]} agents
 */
async function checkScrapes(folder, agents) {
  const prometheus = await startPrometheus(await prometheusProgram('prometheus'), folder, agents);
  try {
    const end = performance.now() + SCRAPED_MILLISECONDS;
    for (;;) {
      const scraped = await prometheus.query(`sum_over_time(up[5m]) >= ${SCRAPES}`);
      if (scraped.length === agents.length) break;
      if (performance.now() > end) {
        throw new Failure(
          `Prometheus scraped ${scraped.length} of ${agents.length}`,
          prometheus.complaints().join('\n'),
        );
      }
      await sleep(500);
    }
    for (const { scenario, get } of agents) {
      const samples = await prometheus.query(`{scenario="${scenario}",__name__=~"gpu_.+",__name__!~"gpu_agent_.+"}`);
      verdict(
        `${scenario}: ${samples.length} samples in Prometheus`,
        missingSamples(deviceLines(await get('/metrics')), samples),
      );
    }
    /** @type {Readonly<Record<string, readonly { type: string, help: string }[]>>} */
    const metadata = await prometheus.metadata();
    const untold = Object.entries(metadata)
      .filter(
        ([name, [first]]) =>
          name.startsWith('gpu_') && (first === undefined || first.help === '' || first.type === 'unknown'),
      )
      .map(([name]) => `${name} has no type or help`);
    verdict(`types and help of ${Object.keys(metadata).length} families in Prometheus`, untold);

    for (const { node } of agents) node.clock({ rate: 1 });
    await sleep(RATE_SECONDS * 1000);
    const window = `[${RATE_SECONDS - 3}s]`;
    verdict(
      'a GPU is busy between none and all of the time',
      [
        ...(await prometheus.query(
          `rate(gpu_busy_seconds_total${window}) / (rate(gpu_observed_seconds_total${window}) > 0) > 1.001`,
        )),
      ].map(({ metric, value }) => `${JSON.stringify(metric)} ${value[1]}`),
    );
    const seen = await prometheus.query(`rate(gpu_observed_seconds_total${window}) > 0.5`);
    verdict(`utilisation was observed on ${seen.length} GPUs`, seen.length > 0 ? [] : ['on none']);
    const backwards = [];
    for (const [name, [first]] of Object.entries(metadata)) {
      if (first?.type !== 'counter') continue;
      // OpenMetrics tells of a counter's family, without the ending of its samples.
      const samples = name.endsWith('_total') ? name : `${name}_total`;
      for (const { metric } of await prometheus.query(`resets(${samples}${window}) > 0`)) {
        backwards.push(`${samples} ${JSON.stringify(metric)}`);
      }
    }
    verdict('no counter went back', backwards);
    const down = await prometheus.query('min_over_time(up[5m]) == 0');
    verdict(
      'every scrape was answered',
      down.map(({ metric }) => JSON.stringify(metric)),
    );
    verdict('Prometheus had nothing to say against a scrape', prometheus.complaints());
  } finally {
    await prometheus.stop();
  }
}

runScript(async () => {
  await ensureBuilt();
  const args = process.argv.slice(2);
  const update = args.includes('--update');
  const names = scenarios(args.filter((arg) => arg !== '--update'));
  const folder = mkdtempSync(join(tmpdir(), 'gna-prometheus-'));
  /** @type {Agent[]} */
  const agents = [];
  try {
    await startAll(folder, names, agents);
    await checkExpositions(agents, update);
    await checkScrapes(folder, agents);
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
  return failures === 0 ? 0 : 1;
});

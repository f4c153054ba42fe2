/**
 * `npm run soak`: a day of a simulated node in some minutes, with 10,000 processes that come and go and 1,000 times NVML
 * initialised anew. Neither sampler nor agent may hold more memory, descriptors or threads at its end than at its
 * beginning. `--short` takes the first hour of it, with as much happening per cycle. Exit status 1 when a row is missed.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NODE_FLAGS } from '../../scripts/node-flags.mjs';
import { createNode } from '../../simulator/node.mjs';
import { report } from '../table.mjs';
import { growth, isFlat, lows } from './slope.mjs';
import { World } from './world.mjs';

/** @typedef {import('./agent.js').Report} Report */

const DAY = { cycles: 86_400, churns: 10_000, reinitializations: 1_000 };
const IS_SHORT = process.argv.includes('--short');
const CYCLES = IS_SHORT ? 3_600 : DAY.cycles;
const PER_CYCLE = { churns: DAY.churns / DAY.cycles, reinitializations: DAY.reinitializations / DAY.cycles };
const CHURNS = Math.floor(CYCLES * PER_CYCLE.churns);
const REINITIALIZATIONS = Math.floor(CYCLES * PER_CYCLE.reinitializations);
/** Cycles between two looks at the node. */
const STRIDE = 8;
const WEIGHINGS_PER_LOW = 5;
const WEIGHINGS = IS_SHORT ? 30 : 100;
/** What fills up once, such as the sums of ended workloads and histories, is full by then. */
const WARM_UP = Math.min(8_000, CYCLES / 3);
const MOST_GROWTH_BYTES = 2 ** 20;
/** Calls about the clock: time passes only between cycles, and whoever waits in real time seems to wait for minutes. */
const DEADLINES = ['attach', 'fast', 'slow'].map((name) => `--sampler.deadline-${name}=1h`);
const EVERY_PROCESS = ['gpu_process_memory_used_bytes', 'gpu_process_utilization_ratio'];

const root = fileURLToPath(new URL('../..', import.meta.url));
/** In memory where there is such a place: 20,000 changes of the host's files are not what is measured. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gna-soak-'));
const bundle = join(root, 'out', 'bench', 'soak-agent.mjs');

async function bundled() {
  await build({
    entryPoints: [join(root, 'bench', 'soak', 'agent.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
}

/** @param {readonly string[]} args */
function startAgent(args) {
  const child = fork(bundle, args, {
    execArgv: [...NODE_FLAGS, '--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  /** @returns {Promise<Report>} */
  const answer = () =>
    new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the agent ended; see above'));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        resolve(/** @type {Report} */ (message));
      });
    });
  return {
    started: answer(),
    /** @param {import('./agent.js').Order} order */
    ask(order) {
      const told = answer();
      child.send(order);
      return told;
    },
    async end() {
      if (child.connected) child.send('end');
      await ended;
    },
  };
}

/**
 * @param {string} what
 * @param {readonly number[]} at
 * @param {readonly number[]} bytes
 * @returns {import('../table.mjs').Row}
 */
function grown(what, at, bytes) {
  const least = lows(at, bytes, WEIGHINGS_PER_LOW);
  const kib = growth(least.at, least.values) / 1024;
  const from = `of ${((least.values[0] ?? 0) / 2 ** 20).toFixed(1)} MiB`;
  return { what, value: `${kib.toFixed(0)} KiB ${from}`, target: '≤ 1 MiB', met: kib * 1024 <= MOST_GROWTH_BYTES };
}

/**
 * @param {string} what
 * @param {readonly number[]} values
 * @returns {import('../table.mjs').Row}
 */
function flat(what, values) {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return {
    what,
    value: `${values[0]} → ${values.at(-1)}, at most ${most}`,
    target: 'flat',
    met: isFlat(values),
  };
}

const started = performance.now();
/** @type {ReturnType<typeof startAgent> | undefined} */
let agent;
/** @type {import('../table.mjs').Row[]} */
let rows = [];
try {
  await bundled();
  const node = createNode(join(folder, 'node'), { scenario: 'mixed', frozenClock: true });
  const enabled = EVERY_PROCESS.map((name) => `--metrics.enable=${name}`);
  agent = startAgent([node.directory, ...node.flags(), ...DEADLINES, ...enabled]);
  await agent.started;
  const world = new World(node, PER_CYCLE);
  /** @type {Report[]} */
  const weighed = [];
  /** @type {Report | undefined} */
  let last;
  let done = 0;
  const everyCycles = (CYCLES - WARM_UP) / WEIGHINGS;
  while (done < CYCLES || (last?.reinitializations ?? 0) < REINITIALIZATIONS || world.churned < CHURNS) {
    const told = agent.ask({ cycles: STRIDE });
    world.goOn(done, last?.reinitializations ?? 0);
    last = await told;
    done += STRIDE;
    if (done >= WARM_UP + weighed.length * everyCycles) {
      weighed.push(await agent.ask('weigh'));
      if (process.stdout.isTTY)
        process.stdout.write(`\r${done} cycles, ${last.reinitializations} inits, ${world.churned} processes `);
    }
  }
  if (last === undefined) throw new Error('nothing was done');
  const at = weighed.map(({ cycles }) => cycles);
  const agents = weighed.flatMap((one) => one.agent ?? []);
  const samplers = weighed.flatMap((one) => one.sampler ?? []);
  rows = [
    { what: 'cycles', value: String(last.cycles), target: `≥ ${CYCLES}`, met: last.cycles >= CYCLES },
    {
      what: 'processes that came and went',
      value: String(world.churned),
      target: `≥ ${CHURNS}`,
      met: world.churned >= CHURNS,
    },
    { what: '… workloads that had a name', value: String(last.workloadsNamed) },
    {
      what: 'NVML initialised anew',
      value: String(last.reinitializations),
      target: `≥ ${REINITIALIZATIONS}`,
      met: last.reinitializations >= REINITIALIZATIONS,
    },
    { what: 'samplers started', value: String(last.samplersStarted), target: '1', met: last.samplersStarted === 1 },
    { what: 'expositions', value: `${last.expositions}, ${(last.expositionBytes / 2 ** 20).toFixed(0)} MiB` },
    grown(
      'sampler, growth of anonymous memory',
      at,
      samplers.map((one) => one.anonymousBytes),
    ),
    flat(
      'sampler, descriptors',
      samplers.map((one) => one.descriptors),
    ),
    flat(
      'sampler, threads',
      samplers.map((one) => one.threads),
    ),
    grown(
      'agent, growth of what lives on the heap and beside it',
      at,
      agents.map((one) => one.heapBytes + one.outsideHeapBytes),
    ),
    grown(
      'agent, growth of anonymous memory after a collection',
      at,
      agents.map((one) => one.anonymousBytes),
    ),
    flat(
      'agent, descriptors',
      agents.map((one) => one.descriptors),
    ),
    flat(
      'agent, threads',
      agents.map((one) => one.threads),
    ),
    { what: 'took', value: `${((performance.now() - started) / 1000).toFixed(0)} s` },
  ];
} finally {
  await agent?.end();
  rmSync(folder, { recursive: true, force: true });
}
report('soak', `A simulated ${IS_SHORT ? 'hour' : 'day'}`, rows);
process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;

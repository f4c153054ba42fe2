/**
 * What a cycle asks the driver and costs, on a simulated node of eight H100 with the whole default catalogue. Calls are
 * those of the agent's own statistics, over a minute of real time; a library before the driver's counts them once more.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createNode } from '../simulator/node.mjs';
import { folder, median, place, untilUp } from './agent-process.mjs';
import { countingLibrary } from './counting-library.mjs';
import { report } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'out', 'bench');
mkdirSync(out, { recursive: true });

const GPUS = 8;
/** The first minute has what is asked once. */
const SETTLING_SECONDS = 62;
const SECONDS = 60;
/** What other programs ask per GPU and scrape, as measured (docs/benchmarks.md). */
const OTHERS = 'nvidia_gpu_exporter: 109 per scrape';
/** In flight while the counts are read, and seen by one side already. */
const WAITS = /^nvmlEventSetWait/;

/**
 * @typedef {object} Counts
 * @property {Map<string, number>} calls by function, as the agent says
 * @property {Map<string, number>} counted by function, before the driver's library
 * @property {number} cycles of GPUs
 * @property {number} callSeconds spent in calls
 * @property {number} cpuSeconds of the sampler, all threads
 */

/**
 * @param {number} port
 * @param {number} sampler
 * @param {() => Map<string, number>} read
 * @returns {Promise<Counts>}
 */
async function countsNow(port, sampler, read) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counted = read();
  /** @type {Map<string, number>} */
  const calls = new Map();
  let [cycles, callSeconds] = [0, 0];
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(gpu_agent_\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    const called = /function="(nvml\w+)"/.exec(labels)?.[1];
    if (name === 'gpu_agent_nvml_calls_total' && called !== undefined)
      calls.set(called, (calls.get(called) ?? 0) + Number(value));
    if (name === 'gpu_agent_nvml_call_duration_seconds_sum' && called !== undefined && !WAITS.test(called))
      callSeconds += Number(value);
    if (name === 'gpu_agent_collection_duration_seconds_count' && labels === 'collector="nvml"') cycles = Number(value);
  }
  const cpuSeconds = readdirSync(`/proc/${sampler}/task`)
    .map((tid) => Number(readFileSync(`/proc/${sampler}/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e9)
    .reduce((sum, one) => sum + one, 0);
  return { calls, counted, cycles, callSeconds, cpuSeconds };
}

/** @param {Map<string, number>} map */
const total = (map) => [...map.values()].reduce((sum, one) => sum + one, 0);

/**
 * Functions whose two counts differ over a time, with both.
 * @param {Counts} first
 * @param {Counts} last
 */
function differences(first, last) {
  const names = [...last.counted.keys()].filter((name) => name.startsWith('nvml') && !WAITS.test(name));
  const grown = (
    /** @type {Map<string, number>} */ a,
    /** @type {Map<string, number>} */ b,
    /** @type {string} */ name,
  ) => (b.get(name) ?? 0) - (a.get(name) ?? 0);
  return names.flatMap((name) => {
    const [told, counted] = [grown(first.calls, last.calls, name), grown(first.counted, last.counted, name)];
    return told === counted ? [] : [`${name} ${told} for ${counted}`];
  });
}

/** @type {import('./table.mjs').Row[]} */
const rows = [];

async function minute() {
  const enabled = ['gpu_agent_nvml_call_duration_seconds', 'gpu_agent_collection_duration_seconds'];
  const real = createNode(join(folder, 'library'), { scenario: 'hgx-h100' });
  const counting = countingLibrary(real.libraryPath, join(folder, 'counting'));
  const setup = place('cycle', [
    `--nvml.library=${counting.path}`,
    ...enabled.map((name) => `--metrics.enable=${name}`),
  ]);
  const { child, ended } = setup.launch();
  const state = await untilUp(setup.port, GPUS);
  const sampler = state.sampling.processes.find((/** @type {any} */ p) => p.role === 'active').pid;
  await sleep(SETTLING_SECONDS * 1000);
  const now = () => countsNow(setup.port, sampler, counting.read);
  /** @type {Counts[]} */
  const counts = [await now()];
  for (let second = 0; second < SECONDS; second++) {
    await sleep(1000);
    counts.push(await now());
  }
  child.kill('SIGTERM');
  await ended;
  const first = /** @type {Counts} */ (counts[0]);
  const last = /** @type {Counts} */ (counts.at(-1));
  const each = counts.slice(1).flatMap((one, i) => {
    const before = /** @type {Counts} */ (counts[i]);
    const cycles = one.cycles - before.cycles;
    // A second that held no cycle, or two of them, is in the average only.
    return cycles === GPUS ? [(total(one.calls) - total(before.calls)) / GPUS] : [];
  });
  const cycles = last.cycles - first.cycles;
  const average = (total(last.calls) - total(first.calls)) / cycles;
  const usual = median(each);
  const wrong = differences(first, last);
  const cpu = ((last.cpuSeconds - first.cpuSeconds) * 1e6) / cycles;
  const inCalls = ((last.callSeconds - first.callSeconds) * 1e6) / cycles;
  rows.push(
    { what: `driver calls per GPU and cycle (${OTHERS})`, value: usual.toFixed(1), target: '≤ 30', met: usual <= 30 },
    { what: '… averaged over a minute', value: average.toFixed(1), target: '≤ 45', met: average <= 45 },
    { what: '… in the cycle that asks most', value: Math.max(...each).toFixed(1) },
    {
      what: '… functions that were counted otherwise before the driver',
      value: wrong.length === 0 ? 'none' : wrong.join(', '),
      target: 'none',
      met: wrong.length === 0,
    },
    {
      what: 'sampler, all threads, CPU per GPU and cycle at 1 Hz',
      value: `${cpu.toFixed(0)} µs, of which ${inCalls.toFixed(0)} passed in calls`,
    },
  );
}

function beyondCalls() {
  const node = createNode(join(folder, 'cpu'), { scenario: 'hgx-h100' });
  execFileSync('g++', [
    ...['-O2', '-std=c++20', `-I${root}native`, `${root}bench/native/cycle_cpu.cpp`, `${root}out/native/libcore.a`],
    ...['-ldl', '-lpthread', '-o', `${out}/cycle_cpu`],
  ]);
  const figures = JSON.parse(
    execFileSync(`${out}/cycle_cpu`, [node.libraryPath, String(GPUS)], { encoding: 'utf8', timeout: 120_000 }),
  );
  rows.push(
    {
      what: 'CPU per GPU and cycle beyond the calls, one cycle after the other',
      value: `${figures.warm_us.toFixed(1)} µs`,
      target: '≤ 10 µs',
      met: figures.warm_us >= 0 && figures.warm_us <= 10,
    },
    {
      what: '… after a pause of 50 ms each',
      value: `${figures.cold_us.toFixed(1)} µs beside ${figures.cold_calls_us.toFixed(0)} in calls (${figures.cycles} cycles, ${figures.disturbed} disturbed)`,
      target: '≤ 10 µs',
      met: figures.cold_us >= 0 && figures.cold_us <= 10,
    },
  );
}

beyondCalls();
await minute();
report('cycle', 'What a cycle asks and costs', rows);

/**
 * The whole agent as a process, on a simulated node of eight H100: start, idle cost, scrapes, memory, one GPU that
 * hangs, and the end. One run, one set of flags, so that no figure is bought with another.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeUsageFile } from '../simulator/host/hami.mjs';
import { cost, median, memory, place, quantile, request, stateOf, until, untilUp } from './agent-process.mjs';
import { report } from './table.mjs';

const SCRAPES = 1000;
/** Scrapes before those that count: V8 compiles, and compiles anew, for about as many. */
const WARM_UP_SCRAPES = 1000;
const BATCHES = 5;
/** Shares that bring the node to more than 10,000 series. */
const SHARES = 780;

/** @type {import('./table.mjs').Row[]} */
const rows = [];

/** @param {number} port @returns {Promise<number>} milliseconds until /healthz answers */
async function healthyAfter(port) {
  const started = performance.now();
  for (;;) {
    const ok = await request(port, '/healthz').then(
      (answer) => answer.status === 200,
      () => false,
    );
    if (ok) return performance.now() - started;
    await sleep(2);
  }
}

async function startTimes() {
  const empty = [];
  for (let i = 0; i < 9; i++) {
    const started = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    empty.push(performance.now() - started);
  }
  const setup = place('start');
  setup.node.fault({ function: 'nvmlInitWithFlags', hang: 'killable' });
  const healthy = [];
  for (let i = 0; i < 5; i++) {
    const { child, ended } = setup.launch();
    healthy.push(await healthyAfter(setup.port));
    child.kill('SIGTERM');
    await ended;
  }
  setup.node.clear();
  const ratio = median(healthy) / median(empty);
  rows.push(
    { what: 'empty Node start', value: `${median(empty).toFixed(0)} ms` },
    {
      what: '/healthz after start while init hangs',
      value: `${median(healthy).toFixed(0)} ms`,
      target: '≤ 500 ms',
      met: median(healthy) <= 500,
    },
    { what: '… ÷ empty Node start', value: ratio.toFixed(1), target: '≤ 7', met: ratio <= 7 },
  );
}

async function steadyState() {
  const setup = place('steady');
  const { child, pid, ended } = setup.launch();
  const state = await untilUp(setup.port, 8);
  const sampler = state.sampling.processes.find((/** @type {any} */ p) => p.role === 'active').pid;
  await sleep(15_000);
  const seconds = 30;
  const before = [cost(pid), cost(sampler)];
  await sleep(seconds * 1000);
  const after = [cost(pid), cost(sampler)];
  const cpu = (/** @type {number} */ i) => ((after[i]?.cpuSeconds ?? 0) - (before[i]?.cpuSeconds ?? 0)) / seconds;
  const wakes = (/** @type {number} */ i) => ((after[i]?.switches ?? 0) - (before[i]?.switches ?? 0)) / seconds;
  const together = (cpu(0) + cpu(1)) * 100;
  rows.push(
    { what: 'idle CPU, agent', value: `${(cpu(0) * 100).toFixed(2)} % of a core` },
    { what: 'idle CPU, sampler, 8 GPUs at 1 Hz', value: `${(cpu(1) * 100).toFixed(2)} % of a core` },
    { what: 'idle CPU together', value: `${together.toFixed(2)} %`, target: '≤ 0.2 %', met: together <= 0.2 },
    { what: 'wake-ups, agent', value: `${wakes(0).toFixed(1)} /s` },
    { what: 'wake-ups, sampler (12 threads)', value: `${wakes(1).toFixed(1)} /s` },
  );
  await scrapes(setup.port, pid, 1, 'plain');
  await scrapes(setup.port, pid, 2, 'gzip');
  await scrapedOnceASecond(setup.port, pid);
  const samplerMemory = memory(sampler);

  const root = join(setup.directory, 'host', 'hami', 'containers');
  for (let share = 0; share < SHARES; share++) {
    const pod = `5f0d2c3e-7a41-4d52-9b1e-${String(share).padStart(12, '0')}`;
    const directory = join(root, `${pod}_main`);
    mkdirSync(directory, { recursive: true });
    writeUsageFile(join(directory, `${share}.cache`), '1.2', {
      devices: [{ uuid: state.gpus[share % 8].uuid, limitBytes: 4_294_967_296n, smLimitPercent: 30n }],
      processes: [
        {
          pid: 1,
          hostPid: 0,
          status: 1,
          devices: [{ contextBytes: 104_857_600n, dataBytes: BigInt(share + 1) * 1_048_576n }],
        },
      ],
    });
  }
  await until(setup.port, (s) => s.partitions.filter((/** @type {any} */ p) => p.kind === 'share').length === SHARES);
  await sleep(3000);
  await scrapes(setup.port, pid, 3, 'plain');
  await scrapes(setup.port, pid, 7, 'gzip');
  const used = memory(pid);
  const limit = process.versions.node.startsWith('20.') ? 80 : 95;
  rows.push(
    {
      what: `agent VmRSS after these scrapes (Node ${process.versions.node})`,
      value: `${used.rss.toFixed(1)} MiB`,
      target: `≤ ${limit} MiB`,
      met: used.rss <= limit,
    },
    { what: 'agent, anonymous of it', value: `${used.anonymous.toFixed(1)} MiB` },
    { what: 'agent, most it ever had (VmHWM)', value: `${used.most.toFixed(1)} MiB` },
    {
      what: 'sampler VmRSS, 8 GPUs',
      value: `${samplerMemory.rss.toFixed(1)} MiB`,
      target: '≤ 6 MiB',
      met: samplerMemory.rss <= 6,
    },
    { what: 'sampler, anonymous of it', value: `${samplerMemory.anonymous.toFixed(1)} MiB` },
  );
  await scrapedOnceASecond(setup.port, pid);
  child.kill('SIGTERM');
  await ended;
}

/**
 * CPU of scrapes one after another, all threads, HTTP and socket included: the median of five batches, since other
 * programs on the machine cost a scrape its caches.
 * @param {number} port
 * @param {number} pid
 * @param {number} target CPU milliseconds a scrape may cost
 * @param {'plain' | 'gzip'} encoding
 */
async function scrapes(port, pid, target, encoding) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  for (let i = 0; i < WARM_UP_SCRAPES; i++) await request(port, '/metrics', encoding);
  const batches = [];
  const times = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = cost(pid).cpuSeconds;
    for (let i = 0; i < SCRAPES / BATCHES; i++) times.push((await request(port, '/metrics', encoding)).milliseconds);
    batches.push(((cost(pid).cpuSeconds - before) * 1000 * BATCHES) / SCRAPES);
  }
  const cpu = median(batches);
  rows.push({
    what: `CPU per ${encoding} scrape over HTTP, ${series} series`,
    value: `${cpu.toFixed(2)} ms (best batch ${Math.min(...batches).toFixed(2)}; p99 of the answers ${quantile(times, 0.99).toFixed(1)} ms)`,
    target: `≤ ${target} ms`,
    met: cpu <= target,
  });
}

/**
 * All CPU of the agent while it is scraped once a second: each scrape finds new readings, so that the state of the node
 * is made anew for it, with caches that others have used meanwhile.
 * @param {number} port
 * @param {number} pid
 */
async function scrapedOnceASecond(port, pid) {
  const seconds = 20;
  const before = cost(pid).cpuSeconds;
  for (let i = 0; i < seconds; i++) {
    await sleep(1000);
    await request(port, '/metrics', 'gzip');
  }
  const each = ((cost(pid).cpuSeconds - before) * 1000) / seconds;
  rows.push({ what: '… all CPU of the agent when scraped once a second', value: `${each.toFixed(1)} ms per second` });
}

async function hang() {
  const setup = place('hang');
  const { child, ended } = setup.launch();
  await untilUp(setup.port, 8);
  const broken = performance.now();
  setup.node.fault({ function: 'nvmlDeviceGetMemoryInfo_v2', gpu: 3, hang: 'killable' });
  /** @type {number[]} */
  const times = [];
  let slowAfter = Number.NaN;
  let stuckAfter = Number.NaN;
  while (performance.now() - broken < 12_000) {
    times.push((await request(setup.port, '/metrics')).milliseconds);
    const calls = (await stateOf(setup.port)).sampling.stuckCalls;
    if (Number.isNaN(slowAfter) && calls.length > 0) slowAfter = (performance.now() - broken) / 1000;
    if (Number.isNaN(stuckAfter) && calls.some((/** @type {any} */ c) => c.verdict === 'stuck'))
      stuckAfter = (performance.now() - broken) / 1000;
    await sleep(50);
  }
  const state = await stateOf(setup.port);
  const oldest = Math.max(
    ...state.gpus.filter((/** @type {any} */ g) => g.index !== 3).map((/** @type {any} */ g) => g.ageSeconds),
  );
  const stopping = performance.now();
  child.kill('SIGTERM');
  await ended;
  const exit = performance.now() - stopping;
  setup.node.clear();
  rows.push(
    {
      what: 'one GPU hangs: named slow after',
      value: `${slowAfter.toFixed(1)} s`,
      target: '≤ 5 s',
      met: slowAfter <= 5,
    },
    { what: '… stuck after (fast class, 2 s deadline)', value: `${stuckAfter.toFixed(1)} s` },
    {
      what: '… oldest reading of the other seven',
      value: `${oldest.toFixed(1)} s`,
      target: '≤ 2 cycles',
      met: oldest <= 2,
    },
    {
      what: `… scrape p99 of ${times.length}`,
      value: `${quantile(times, 0.99).toFixed(1)} ms`,
      target: '≤ 50 ms',
      met: quantile(times, 0.99) <= 50,
    },
    { what: '… the agent ends after', value: `${(exit / 1000).toFixed(2)} s`, target: '≤ 2 s', met: exit <= 2000 },
  );
}

await startTimes();
await steadyState();
await hang();
report('agent', 'The agent as a process', rows);

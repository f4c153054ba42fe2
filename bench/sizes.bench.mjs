/**
 * Scrapes by their size, plain and compressed, over HTTP and with all threads of the agent as a process: nodes with 2, 10
 * and 48 GPUs and everything on. Beside it, on the same nodes and in the same run, prom-client with the same series, and
 * nvitop-exporter with those it has. `npm run bench -- sizes`; nvitop-exporter is there after `npm run test:clients`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cost, folder, launched, median, place, request, untilUp } from './agent-process.mjs';
import { seriesOf } from './exposition-text.mjs';
import { everything, manyGpus } from './many-gpus.mjs';
import { report } from './table.mjs';

/** GPUs, what was promised in CPU milliseconds, and scrapes of one batch. */
const SIZES = [
  { gpus: 2, about: '2k', plain: 1, gzip: 3, scrapes: 100 },
  { gpus: 10, about: '10k', plain: 3, gzip: 7, scrapes: 50 },
  { gpus: 49, about: '50k', plain: 15, gzip: 30, scrapes: 20 },
];
const BATCHES = 5;
/** How much more a series may cost among 50,000 than among 10,000. */
const LINEAR = 1.25;
/** Scrapes each of which finds a state of the node that nobody has asked for. */
const FRESH = 20;
const FRESH_SECONDS = 0.5;
/** Python's exporter is slow enough for few. */
const NVITOP_SCRAPES = 20;

/** @type {import('./table.mjs').Row[]} */
const rows = [];
/** Said at once: the whole takes minutes. @param {import('./table.mjs').Row} row */
function add(row) {
  rows.push(row);
  console.log(`${row.what}: ${row.value}`);
}

/** @param {string} text */
const count = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
/** @param {number} port */
const textOf = async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/**
 * CPU milliseconds of scrapes one after another: the median of some batches, since others cost a scrape its caches.
 * @param {number} port
 * @param {number} pid
 * @param {'plain' | 'gzip'} encoding
 * @param {number} scrapes of one batch
 * @param {number} [warmUp] scrapes until the compiler has settled
 */
async function cpuOf(port, pid, encoding, scrapes, warmUp = scrapes) {
  for (let i = 0; i < warmUp; i++) await request(port, '/metrics', encoding);
  const batches = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = cost(pid).cpuSeconds;
    for (let i = 0; i < scrapes; i++) await request(port, '/metrics', encoding);
    batches.push(((cost(pid).cpuSeconds - before) * 1000) / scrapes);
  }
  return median(batches);
}

/**
 * The same where each scrape comes so late that the node was read anew; what the agent costs without scrapes is taken off.
 * @param {number} port
 * @param {number} pid
 */
async function freshCpuOf(port, pid) {
  const spent = async (/** @type {boolean} */ scraping) => {
    const before = cost(pid).cpuSeconds;
    for (let i = 0; i < FRESH; i++) {
      await sleep(FRESH_SECONDS * 1000);
      if (scraping) await request(port, '/metrics', 'gzip');
    }
    return ((cost(pid).cpuSeconds - before) * 1000) / FRESH;
  };
  const idle = await spent(false);
  return (await spent(true)) - idle;
}

/** @param {number} port */
async function untilItAnswers(port) {
  for (const limit = Date.now() + 60_000; Date.now() < limit; await sleep(100)) {
    const text = await textOf(port).catch(() => '');
    if (count(text) > 0) return text;
  }
  throw new Error('an exporter did not answer within a minute');
}

let nextPort = 19_937;

/**
 * @param {string} text what it has to say
 * @param {number} scrapes
 */
async function promClient(text, scrapes) {
  const port = nextPort++;
  const file = join(folder, `${port}.metrics`);
  writeFileSync(file, text);
  const script = fileURLToPath(new URL('prom-client-exporter.mjs', import.meta.url));
  // As Node is started by most: in the small heap of the agent its garbage would cost it twice as much.
  const { child, pid, ended } = launched(process.execPath, [script, file, String(port)]);
  const answer = await untilItAnswers(port);
  const [wanted, got] = [seriesOf(text), seriesOf(answer)];
  const other = wanted.findIndex((line, i) => line !== got[i]);
  if (other >= 0 || wanted.length !== got.length)
    throw new Error(`prom-client does not say the same: ${wanted[other]} is ${got[other]}`);
  const plain = await cpuOf(port, pid, 'plain', scrapes, 10);
  const gzip = await cpuOf(port, pid, 'gzip', scrapes, 10);
  child.kill('SIGTERM');
  await ended;
  return { plain, gzip };
}

/** @returns {string | undefined} the Python that has nvitop-exporter */
function nvitopPython() {
  const places = fileURLToPath(new URL('../out/clients/places.json', import.meta.url));
  const python = existsSync(places) ? JSON.parse(readFileSync(places, 'utf8')).nvitop : undefined;
  return typeof python === 'string' && existsSync(python) ? python : undefined;
}

/**
 * @param {string} python
 * @param {string} library of the node
 */
async function nvitop(python, library) {
  const port = nextPort++;
  const args = ['-m', 'nvitop_exporter', '--host', 'here', '--bind-address', '127.0.0.1', '--port', String(port)];
  const env = { ...process.env, LD_LIBRARY_PATH: join(library, '..'), PYTHONDONTWRITEBYTECODE: '1' };
  const { child, pid, ended } = launched(python, args, env);
  await untilItAnswers(port);
  await sleep(3000);
  const series = count(await textOf(port));
  const idleBefore = cost(pid).cpuSeconds;
  await sleep(5000);
  const idle = (cost(pid).cpuSeconds - idleBefore) / 5;
  const started = performance.now();
  const before = cost(pid).cpuSeconds;
  for (let i = 0; i < NVITOP_SCRAPES; i++) await request(port, '/metrics', 'plain');
  const seconds = (performance.now() - started) / 1000;
  // It reads the GPUs once a second, whether it is scraped or not: that is not the scrapes'.
  const plain = ((cost(pid).cpuSeconds - before - idle * seconds) * 1000) / NVITOP_SCRAPES;
  child.kill('SIGKILL');
  await ended;
  return { series, plain };
}

/** Families whose parts nobody can give to prom-client. @param {string} text */
function withoutHistograms(text) {
  let isHistogram = false;
  return text
    .split('\n')
    .filter((line) => {
      if (line.startsWith('# HELP ')) {
        const name = line.split(' ')[2];
        isHistogram = text.includes(`\n# TYPE ${name} histogram\n`);
      }
      return !isHistogram;
    })
    .join('\n');
}

/** @param {number} milliseconds @param {number} [series] */
const each = (milliseconds, series) =>
  series === undefined
    ? `${milliseconds.toFixed(2)} ms`
    : `${milliseconds.toFixed(2)} ms, ${((milliseconds * 1000) / series).toFixed(2)} µs a series`;

const python = nvitopPython();
/** @type {{ series: number, plain: number, gzip: number }[]} */
const points = [];
for (const { gpus, about, scrapes, ...targets } of SIZES) {
  const setup = place(`with-${gpus}`, everything(), manyGpus(gpus));
  const { child, pid, ended } = setup.launch();
  await untilUp(setup.port, gpus);
  await sleep(3000);
  const text = await textOf(setup.port);
  const series = count(text);
  const plain = await cpuOf(setup.port, pid, 'plain', scrapes);
  const gzip = await cpuOf(setup.port, pid, 'gzip', scrapes);
  const fresh = await freshCpuOf(setup.port, pid);
  points.push({ series, plain, gzip });
  child.kill('SIGTERM');
  await ended;
  for (const [encoding, cpu] of /** @type {const} */ ([
    ['plain', plain],
    ['gzip', gzip],
  ]))
    add({
      what: `CPU per scrape, ${about} series (${series}, ${gpus} GPUs), ${encoding}`,
      value: each(cpu, series),
      target: `≤ ${targets[encoding]} ms`,
      met: cpu <= targets[encoding],
    });
  add({ what: `… ${about}, gzip, each with a new state of the node`, value: each(fresh) });
  const same = withoutHistograms(text);
  const theirs = await promClient(same, Math.max(4, Math.round(scrapes / 5)));
  for (const encoding of /** @type {const} */ (['plain', 'gzip']))
    add({
      what: `… ${about}, prom-client with the same ${count(same)} series, ${encoding}`,
      value: `${each(theirs[encoding])}, ${(theirs[encoding] / (encoding === 'plain' ? plain : gzip)).toFixed(1)} times as much`,
    });
  const other = python === undefined ? undefined : await nvitop(python, setup.node.libraryPath);
  add({
    what: `… ${about}, nvitop-exporter on the same node, plain`,
    value:
      other === undefined
        ? 'not there: npm run test:clients fetches it'
        : `${each(other.plain, other.series)}; ${other.series} series`,
  });
}
const [small, middle, large] = points;
if (small !== undefined && middle !== undefined && large !== undefined)
  for (const encoding of /** @type {const} */ (['plain', 'gzip'])) {
    const slope = (/** @type {typeof small} */ a, /** @type {typeof small} */ b) =>
      ((b[encoding] - a[encoding]) * 1000) / (b.series - a.series);
    const [lower, upper] = [slope(small, middle), slope(middle, large)];
    add({
      what: `a further series, ${encoding}: from 10k to 50k ÷ from 2k to 10k`,
      value: `${upper.toFixed(2)} µs ÷ ${lower.toFixed(2)} µs = ${(upper / lower).toFixed(2)}`,
      target: `≤ ${LINEAR}`,
      met: upper / lower <= LINEAR,
    });
  }
report('sizes', 'Scrapes by size, and beside others', rows);

/** The agent as users start it, on a simulated node: what the benchmarks of whole processes share. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../scripts/node-flags.mjs';
import { createNode } from '../simulator/node.mjs';

const PROGRAM = fileURLToPath(new URL('../dist/gpu-node-agent.mjs', import.meta.url));
const TICKS_PER_SECOND = 100;

/** Where the nodes of a benchmark lie; gone when it ends. */
export const folder = mkdtempSync(join(tmpdir(), 'gna-bench-'));
/** @type {Set<import('node:child_process').ChildProcess>} */
const living = new Set();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Starts a program that ends with the benchmark at the latest.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function launched(program, args, env = process.env) {
  const child = spawn(program, args, { stdio: 'ignore', env });
  living.add(child);
  const ended = new Promise((resolve) => child.on('exit', resolve)).then(() => living.delete(child));
  return { child, pid: /** @type {number} */ (child.pid), ended };
}

/** @param {number[]} values */
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
/** @param {number[]} values @param {number} q */
export const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * q) - 1] ?? Number.NaN;

/**
 * One request over a kept connection; compressed bytes are not unpacked.
 * @param {number} port
 * @param {string} path
 * @param {'plain' | 'gzip'} [encoding]
 * @returns {Promise<{ status: number, bytes: number, milliseconds: number }>}
 */
export function request(port, path, encoding = 'gzip') {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding === 'gzip' ? 'gzip' : 'identity' };
    const message = get({ port, path, host: '127.0.0.1', headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => {
        bytes += chunk.length;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, bytes, milliseconds: performance.now() - started }),
      );
    });
    message.on('error', reject);
    message.setTimeout(5000, () => message.destroy(new Error('no answer in 5 s')));
  });
}

/** CPU seconds and voluntary context switches of a process, all threads. @param {number} pid */
export function cost(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  let switches = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8');
    switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }
  return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND, switches };
}

/** MiB of a process. @param {number} pid */
export function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (/** @type {string} */ name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { rss: of('VmRSS'), anonymous: of('RssAnon'), most: of('VmHWM') };
}

let nextPort = 19_837;

/**
 * Makes a node and says how an agent is started on it.
 * @param {string} name of the node's folder
 * @param {readonly string[]} [more] flags beside the node's own; one of the same name takes its place
 * @param {string | import('../simulator/state/scenario.mjs').Scenario} [scenario]
 */
export function place(name, more = [], scenario = 'hgx-h100') {
  const directory = join(folder, name);
  const node = createNode(directory, { scenario });
  const port = nextPort++;
  const nameOf = (/** @type {string} */ flag) => flag.split('=')[0];
  const replaced = new Set(more.map(nameOf));
  // A real node has no clock file; looking whether somebody turned it costs 20 wake-ups a second and thread.
  const flags = node.flags().filter((flag) => nameOf(flag) !== '--clock.file' && !replaced.has(nameOf(flag)));
  const web = `--web.listen-address=127.0.0.1:${port}`;
  const launch = () => launched(process.execPath, [...NODE_FLAGS, PROGRAM, 'serve', ...flags, web, ...more]);
  return { node, port, directory, launch };
}

/** The node's state. @param {number} port */
export async function stateOf(port) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/node`);
  return response.json();
}

/** Waits for a state. @param {number} port @param {(state: any) => boolean} test */
export async function until(port, test) {
  for (const limit = Date.now() + 30_000; Date.now() < limit; await sleep(50)) {
    const state = await stateOf(port).catch(() => undefined);
    if (state !== undefined && test(state)) return state;
  }
  throw new Error('the agent did not get there within 30 s');
}

/** Waits until every GPU is read. @param {number} port @param {number} gpus */
export const untilUp = (port, gpus) =>
  until(port, (s) => s.gpus.length === gpus && s.gpus.every((/** @type {any} */ g) => g.condition === 'up'));

/**
 * The agent under one Node, as an operator meets it: the addon is loaded, `serve` runs on a simulated node, is
 * scraped, asked by a command and ended by Ctrl-C. Nothing may be on standard error but the log: Node's warnings of
 * things deprecated or experimental would be there.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, mustRun, runChild } from '../child.mjs';
import { root, simulatorCommand } from '../layout.mjs';

/** Time for a start, and for each later step. */
const limitSeconds = 60;

/** A program that is running, with what it wrote so far. */
class Running {
  out = '';
  err = '';

  /** @param {readonly string[]} command with its arguments */
  constructor([command = '', ...args]) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.out += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.err += text;
    });
    /** @type {Promise<number | undefined>} exit status, nothing when a signal ended it or it could not be started */
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.err += `${error.message}\n`;
        resolve(undefined);
      });
      this.child.once('close', (code) => resolve(code ?? undefined));
    });
  }

  /**
   * Waits for something it writes on standard output.
   * @param {RegExp} wanted
   */
  async says(wanted) {
    const end = performance.now() + limitSeconds * 1000;
    for (;;) {
      const found = wanted.exec(this.out);
      if (found !== null) return found;
      if (performance.now() > end || this.child.exitCode !== null) {
        throw new Failure(`serve did not say ${wanted}`, this.out + this.err);
      }
      await sleep(50);
    }
  }
}

/**
 * Lines of standard error that are no line of the agent's log: warnings of Node, traces.
 * @param {string} text
 */
const foreignLines = (text) =>
  text.split('\n').filter((line) => {
    if (line === '') return false;
    try {
      return typeof JSON.parse(line).msg !== 'string';
    } catch {
      return true;
    }
  });

/** @param {string} url */
async function get(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(limitSeconds * 1000) });
  const text = await answer.text();
  if (!answer.ok) throw new Failure(`${url} answered ${answer.status}`, text);
  return text;
}

/**
 * @param {readonly string[]} node
 * @param {string} tree
 */
async function loadAddon([command = '', ...args], tree) {
  const script = `process.stdout.write(String(require('node-gyp-build')(${JSON.stringify(tree)}).abi))`;
  const { code, output, stdout } = await runChild(command, [...args, '-e', script], { cwd: tree });
  if (code !== 0 || !/^\d+$/.test(stdout) || output !== stdout) throw new Failure('loading the addon failed', output);
}

/**
 * @param {Running} serve
 * @param {readonly string[]} program the command, without arguments
 * @param {readonly string[]} flags
 */
async function use(serve, [node = '', ...program], flags) {
  const [, url = ''] = await serve.says(/serves (http:\/\/\S+)\n/);
  if (JSON.parse(await get(`${url}/healthz`)).status !== 'ok') throw new Failure('/healthz is not ok');
  const status = [...program, 'status', '--json', ...flags];
  const end = performance.now() + limitSeconds * 1000;
  for (;;) {
    const { code, stdout, output } = await runChild(node, status, { timeoutSeconds: limitSeconds });
    if (output !== stdout) throw new Failure('status wrote on standard error', output);
    const gpus = code === 0 ? JSON.parse(stdout).gpus : [];
    if (gpus.length > 0 && gpus.every((/** @type {any} */ gpu) => gpu.condition === 'up')) break;
    if (performance.now() > end) throw new Failure('status: not all GPUs came up', output);
    await sleep(200);
  }
  const metrics = await get(`${url}/metrics`);
  for (const name of ['gpu_power_watts', 'process_cpu_seconds_total']) {
    if (!metrics.includes(`\n${name}`)) throw new Failure(`/metrics has no ${name}`, metrics);
  }
}

/**
 * @typedef {object} SmokeOptions
 * @property {string} [tree] the checkout (default), or an installation
 * @property {(simulated: string) => string[]} [prepare] changes the simulated node in this folder, and gives more flags
 */

/**
 * @param {readonly string[]} node the Node to use, with what runs it
 * @param {SmokeOptions} [options]
 * @throws {Failure} that names the step
 */
export async function smoke(node, { tree = root, prepare = () => [] } = {}) {
  await loadAddon(node, tree);
  const program = [...node, join(tree, 'dist', 'gpu-node-agent.mjs')];
  const folder = mkdtempSync(join(tmpdir(), 'gna-versions-'));
  try {
    const simulated = join(folder, 'node');
    const simulator = async (/** @type {string[]} */ ...args) =>
      (await mustRun('simulating a node', process.execPath, [simulatorCommand, ...args])).stdout;
    await simulator('create', simulated, '--scenario', 'mixed');
    const printed = (await simulator('flags', simulated)).split('\n').filter((line) => line !== '');
    const flags = [...printed, ...prepare(simulated)];
    const serve = new Running([...program, 'serve', '--web.listen-address=127.0.0.1:0', ...flags]);
    try {
      await use(serve, program, flags);
      serve.child.kill('SIGINT');
      const code = await Promise.race([serve.ended, sleep(5000, 'still running', { ref: false })]);
      if (code !== 0) throw new Failure(`serve after Ctrl-C: ${code}`, serve.err);
    } finally {
      if (serve.child.exitCode === null && serve.child.kill('SIGKILL')) await serve.ended;
    }
    const foreign = foreignLines(serve.err);
    if (foreign.length > 0) throw new Failure('serve wrote more than its log on standard error', foreign.join('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

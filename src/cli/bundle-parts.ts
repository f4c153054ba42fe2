import { readdir, readFile } from 'node:fs/promises';
import { hostname, version as kernelVersion, release, type } from 'node:os';
import { join } from 'node:path';
import { nodeView } from '../http/documents/node.js';
import { samplerFlags, samplerPath } from '../native/sampler-options.js';
import { AGENT_VERSION } from '../version.js';
import { ask, controlDoor, type Door, webDoor } from './ask.js';
import { captureText } from './capture-lines.js';
import { runChild } from './child.js';
import type { Invocation } from './command.js';
import { recordHost } from './record-host.js';

/** One file of a support bundle. `collect` rejects with the reason why there is none. */
export interface BundlePart {
  readonly name: string;
  readonly collect: (invocation: Invocation, milliseconds: number) => Promise<string>;
}

const MOST_BYTES = 64 * 1024 * 1024;
const LOG_LINES = '2000';
/** What of the kernel's log is about GPUs and their slots. */
const KERNEL = /nvrm|nvidia|xid|vfio|aer[:\s]|pcieport|iommu/i;
/** Settings whose value may let somebody in. */
const SECRET = /pass|secret|token|credential|auth|private|key$/i;
/** Names of kernel threads' files that are answered without waiting for anybody. */
const EVIDENCE = ['stat', 'wchan', 'syscall'] as const;
/** The kernel cuts names to 15 characters. */
const SAMPLER_NAME = 'gpu-node-sample';

/** Everything a support bundle has, each independent of the others. */
export const PARTS: readonly BundlePart[] = [
  { name: 'version.json', collect: async () => json(facts()) },
  { name: 'config.json', collect: async ({ config }) => json(masked(config)) },
  { name: 'agent/state.json', collect: ({ config }, ms) => told(controlDoor(config), '/v1/state', ms) },
  { name: 'agent/health.txt', collect: ({ config }, ms) => told(webDoor(config), '/readyz', ms) },
  { name: 'agent/metrics.txt', collect: ({ config }, ms) => told(webDoor(config), '/metrics', ms) },
  {
    name: 'reading/node.json',
    collect: async ({ config, collectOnce }, ms) => json(nodeView(await collectOnce(config, ms))),
  },
  { name: 'reading/sampler.json', collect: samplerReading },
  { name: 'host.capture', collect: hostCapture },
  { name: 'samplers.txt', collect: samplerThreads },
  { name: 'unit.txt', collect: (_, ms) => output('systemctl', ['show', 'gpu-node-agent.service', '--no-pager'], ms) },
  {
    name: 'journal.txt',
    collect: (_, ms) => output('journalctl', ['-u', 'gpu-node-agent.service', '-n', LOG_LINES, '--no-pager'], ms),
  },
  { name: 'kernel.txt', collect: kernelLog },
];

function facts(): Record<string, unknown> {
  return {
    version: AGENT_VERSION,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    hostName: hostname(),
    kernel: `${type()} ${release()} ${kernelVersion()}`,
    root: process.geteuid?.() === 0,
  };
}

/** Settings with `***` in place of what may let somebody in. */
export function masked(value: unknown, name = ''): unknown {
  if (value === null || typeof value !== 'object') return SECRET.test(name) && value !== undefined ? '***' : value;
  if (Array.isArray(value)) return value.map((item) => masked(item, name));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, key)]));
}

async function told(door: Door | undefined, path: string, milliseconds: number): Promise<string> {
  if (door === undefined) throw new Error('the web address has no fixed port');
  const { status, body } = await ask(door, { method: 'GET', path }, milliseconds);
  return status === 200 ? body : `status ${status}\n${body}`;
}

/** Also with the calls that do not come back, and what every call cost. */
async function samplerReading({ config }: Invocation, milliseconds: number): Promise<string> {
  const deadline = Math.max(100, milliseconds - 1_000);
  const args = ['--once', '--json', `--deadline=${deadline}`, ...samplerFlags(config)];
  const { out, err, failure } = await runChild(samplerPath(config), args, { milliseconds, mostBytes: MOST_BYTES });
  if (out === '') throw new Error(failure ?? err.trim());
  return out;
}

/** The driver itself is only asked with --capture. */
async function hostCapture({ config, flag }: Invocation, milliseconds: number): Promise<string> {
  const { lines } = await recordHost(config, { milliseconds, filesOnly: flag('capture') !== true });
  return captureText(lines);
}

/** Where each thread of each sampler of this machine sleeps; of the real procfs, where our own processes are. */
async function samplerThreads(): Promise<string> {
  const lines: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (path: string) => readFile(join('/proc', pid, path), 'utf8').catch(() => '');
    if ((await read('comm')).trim() !== SAMPLER_NAME) continue;
    for (const tid of await readdir(join('/proc', pid, 'task')).catch(() => [])) {
      for (const file of EVIDENCE)
        lines.push(`${pid}/task/${tid}/${file}: ${(await read(`task/${tid}/${file}`)).trim()}`);
    }
  }
  if (lines.length === 0) throw new Error('no sampler runs');
  return `${lines.join('\n')}\n`;
}

async function kernelLog(_: Invocation, milliseconds: number): Promise<string> {
  const half = milliseconds / 2;
  const text = await output('journalctl', ['-k', '-b', '--no-pager'], half).catch(() => output('dmesg', ['-T'], half));
  const lines = text.split('\n').filter((line) => KERNEL.test(line));
  return `${lines.slice(-Number(LOG_LINES)).join('\n')}\n`;
}

async function output(program: string, args: readonly string[], milliseconds: number): Promise<string> {
  const { code, out, err, failure } = await runChild(program, args, { milliseconds, mostBytes: MOST_BYTES });
  if (code !== 0) throw new Error(failure ?? (err.trim() || `${program} ended with ${code}`));
  return out;
}

function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

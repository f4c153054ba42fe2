import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native/package-root.js';

/** Root of the checkout. */
export const ROOT = packageRoot();
/** The addon as the build leaves it. */
export const ADDON = join(ROOT, 'build', 'Release', 'gpu_node_agent.node');
/** The sampler as the build leaves it. */
export const SAMPLER = join(ROOT, 'out', 'native', 'gpu-node-sampler');

if (!existsSync(ADDON) || !existsSync(SAMPLER)) {
  throw new Error(`${ADDON} and ${SAMPLER} are needed: npm run build`);
}

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly seconds: number;
}

/** Runs CommonJS text in a Node of its own with `addon` loaded; the child is killed after `limitSeconds`. */
export function runChild(text: string, limitSeconds = 10, prefix = ''): Promise<Ended> {
  const script = `${prefix}const addon = require(${JSON.stringify(ADDON)});\nconst SAMPLER = ${JSON.stringify(SAMPLER)};\n${text}`;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more) => (out += more));
    const limit = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, out, seconds: (performance.now() - started) / 1000 });
    });
  });
}

import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NODE_FLAGS } from '../scripts/node-flags.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles a measurement that is written in TypeScript; the function runs it in a process of its own, under the
 * service's heap flags, and gives the JSON it prints.
 * @param {string} entry relative to bench/, e.g. `metrics/scrape.ts`
 * @returns {Promise<(...args: readonly string[]) => any>}
 */
export async function measurement(entry) {
  const outfile = `${root}out/bench/${basename(entry, '.ts')}.mjs`;
  await build({
    entryPoints: [`${root}bench/${entry}`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return (...args) =>
    JSON.parse(
      execFileSync(process.execPath, [...NODE_FLAGS, outfile, ...args], { encoding: 'utf8', timeout: 120_000 }),
    );
}

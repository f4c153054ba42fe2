/**
 * `npm run test:exposition`: expositions of hand-made nodes before parsers that are not ours: the OpenMetrics parser of
 * Prometheus' Python client, and `promtool check metrics`. Fetches both into out/tools when they are not there; needs
 * a built addon.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { mustRun, runChild, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';
import { lintExposition } from './prometheus/promtool.mjs';
import { prometheusProgram, pythonWithClient } from './prometheus/tools.mjs';

const folder = inRoot('out', 'exposition');

/** Renders with the real addon. The bundle lies in the repository, so that the addon is found from it. */
async function writeExpositions() {
  rmSync(folder, { recursive: true, force: true });
  const bundle = join(folder, 'write.mjs');
  await build({
    entryPoints: [inRoot('test', 'metrics', 'write-expositions.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  await mustRun('rendering expositions', process.execPath, [bundle, folder]);
}

runScript(async () => {
  await writeExpositions();
  const paths = (/** @type {string} */ format) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(`.${format}`))
      .sort()
      .map((name) => join(folder, name));
  const parsed = await runChild(await pythonWithClient(), [
    inRoot('test', 'metrics', 'check-openmetrics.py'),
    ...paths('openmetrics'),
  ]);
  process.stdout.write(parsed.output);
  const tool = await prometheusProgram('promtool');
  let failed = parsed.code === 0 ? 0 : 1;
  for (const path of paths('text')) if (!(await lintExposition(tool, path))) failed++;
  return failed === 0 ? 0 : 1;
});

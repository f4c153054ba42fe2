/**
 * `npm run test:exposition`: expositions of hand-made nodes before parsers that are not ours: the OpenMetrics parser of
 * Prometheus' Python client, and `promtool check metrics`. Fetches both into out/tools when they are not there; needs
 * a built addon.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Failure, mustRun, runChild, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';

const folder = inRoot('out', 'exposition');
const tools = inRoot('out', 'tools');

/** The parser's version: another one may be stricter, and then says so on the day somebody raises this. */
const pythonClient = 'prometheus_client==0.26.0';

/**
 * What promtool's lint says that we do not follow, with the reason.
 * @type {ReadonlyMap<string, string>}
 */
const accepted = new Map([
  [
    'gpu_count non-histogram and non-summary metrics should not have "_count" suffix',
    'a number of GPUs, no part of a histogram',
  ],
  [
    'gpu_expected_count non-histogram and non-summary metrics should not have "_count" suffix',
    'a number of GPUs, no part of a histogram',
  ],
  [
    "gpu_fabric_health_summary metric name should not include type 'summary'",
    'the driver calls this health so; it is no summary of samples',
  ],
  [
    'gpu_memory_bus_width_bits use base unit "bytes" instead of "bits"',
    'the width of a bus is told in bits everywhere',
  ],
  [
    'nodejs_active_resources_total non-counter metrics should not have "_total" suffix',
    'a standard name, which dashboards of Node.js services use',
  ],
]);

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

/** @returns {Promise<string>} a Python that has the client */
async function pythonWithClient() {
  const environment = join(tools, 'openmetrics');
  const python = join(environment, 'bin', 'python3');
  if ((await runChild(python, ['-c', 'import prometheus_client'])).code !== 0) {
    await mustRun('making a Python environment', 'python3', ['-m', 'venv', '--clear', environment]);
    await mustRun('installing the OpenMetrics parser', python, ['-m', 'pip', 'install', '--quiet', pythonClient], {
      timeoutSeconds: 300,
    });
  }
  return python;
}

/** @returns {Promise<string>} promtool of this machine, or one unpacked from Debian's package without installing it */
async function promtool() {
  if ((await runChild('promtool', ['--version'])).code === 0) return 'promtool';
  const home = join(tools, 'prometheus');
  const unpacked = join(home, 'usr', 'bin', 'promtool');
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(home, { recursive: true });
  await mustRun('downloading promtool', 'apt-get', ['download', 'prometheus'], { cwd: home, timeoutSeconds: 300 });
  const archive = readdirSync(home).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Failure('apt-get download left no package of prometheus');
  await mustRun('unpacking promtool', 'dpkg', ['-x', join(home, archive), home]);
  return unpacked;
}

/**
 * Runs promtool over one file in the text format.
 * @param {string} tool
 * @param {string} path
 * @returns {Promise<boolean>}
 */
async function lint(tool, path) {
  const { code, output } = await runChild('sh', ['-c', '"$1" check metrics < "$2"', 'sh', tool, path]);
  const complaints = output.split('\n').filter((line) => line !== '' && !accepted.has(line));
  // 1: cannot be parsed. 3: parsed, and the lint has something to say.
  const good = complaints.length === 0 && (code === 0 || code === 3);
  console.log(`${good ? 'ok    ' : 'FAILED'} ${path}: promtool${good ? '' : ` (exit status ${code})`}`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
  return good;
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
  const tool = await promtool();
  let failed = parsed.code === 0 ? 0 : 1;
  for (const path of paths('text')) if (!(await lint(tool, path))) failed++;
  return failed === 0 ? 0 : 1;
});

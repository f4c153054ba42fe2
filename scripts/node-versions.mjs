/**
 * `npm run test:node-versions [-- VERSION …]`: the agent, built once by the running Node, under every Node version it
 * promises to run on: a start on a simulated node, and the tests that take no long waiting. Arguments pick versions by
 * their beginning, such as "24".
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, mustRun, runScript } from './child.mjs';
import { ensureNode, nodeVersions } from './node-versions/binaries.mjs';
import { smoke } from './node-versions/smoke.mjs';
import { runVitest } from './vitest.mjs';

/** Folders of tests that run in seconds; what the others test are processes that are not Node. */
const folders = [
  'cli',
  'collect',
  'config',
  'health',
  'http',
  'metrics',
  'native-addon',
  'scripts',
  'web/page.test.ts',
  'workload',
].map((name) => `test/${name}`);

/** @param {string} version */
async function testUnder(version) {
  const node = await ensureNode(version, /** @type {'x64' | 'arm64'} */ (process.arch));
  const { stdout } = await mustRun(`starting Node ${version}`, node, ['--version']);
  if (stdout.trim() !== `v${version}`) throw new Failure(`Node ${version} says that it is ${stdout.trim()}`);
  await smoke([node]);
  return runVitest('vitest.config.mjs', `vitest-node-${version}.json`, folders, { node });
}

runScript(async () => {
  const asked = process.argv.slice(2);
  const wrong = asked.find((part) => !nodeVersions.some((version) => version.startsWith(part)));
  if (wrong !== undefined) throw new Failure(`no version "${wrong}": expected ${nodeVersions.join(', ')}`);
  const wanted = nodeVersions.filter((version) => asked.length === 0 || asked.some((part) => version.startsWith(part)));
  await ensureBuilt();
  const lines = [];
  let good = true;
  for (const version of wanted) {
    console.log(`\nNode ${version}`);
    try {
      const { passed, failed, skipped, code } = await testUnder(version);
      good &&= code === 0 && failed === 0;
      lines.push(`Node ${version}: runs; tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      good = false;
      lines.push(`Node ${version}: ${error.message}\n${error.output.trimEnd()}`);
    }
  }
  console.log(`\n${lines.join('\n')}`);
  return good ? 0 : 1;
});

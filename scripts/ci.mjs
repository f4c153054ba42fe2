/**
 * `npm run check`, and what .ci/run calls: every stage, whatever the ones before it said, then one line with the sum
 * of what the runners reported. Arguments pick stages by a part of their name.
 */
import { scriptFormat, scriptLint } from './checks/biome.mjs';
import { cppFormat } from './checks/cpp-format.mjs';
import { cppLint } from './checks/cpp-lint.mjs';
import { generatedFiles } from './checks/generated.mjs';
import { simulatorIndependence } from './checks/independence.mjs';
import { lockFile } from './checks/lock-file.mjs';
import { rooms } from './checks/rooms.mjs';
import { agentTypes, scriptTypes } from './checks/typescript.mjs';
import { runChild, runScript } from './child.mjs';
import { sanitizerStages } from './ci/sanitizers.mjs';
import { checkStage, one, runStage } from './ci/stage.mjs';
import { clientTests, documentedTests, hangTests, sweptAnswers } from './ci/tests.mjs';
import { ensureTools } from './ci/tools.mjs';
import { sum } from './reports.mjs';

/** @typedef {import('./ci/stage.mjs').Stage} Stage */

/**
 * A script of ours as a stage that counts as one.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {boolean} [show] what it says is shown as it comes, default true, or when it has ended
 * @returns {Stage}
 */
const scriptStage = (name, args, show = true) => ({
  name,
  async run() {
    const { code, output } = await runChild(process.execPath, args, { show });
    process.stdout.write(output);
    return one(code === 0);
  },
});

/**
 * Those that stand together run at the same time, one core each.
 * @type {readonly (Stage | readonly Stage[])[]}
 */
const stages = [
  // First of all, in a fresh clone: nothing but what the README asks for.
  documentedTests,
  {
    name: 'tools of the checks',
    async run() {
      await ensureTools();
      return one(true);
    },
  },
  ...[lockFile, generatedFiles, rooms, simulatorIndependence].map(checkStage),
  ...[agentTypes, scriptTypes, scriptLint, scriptFormat, cppFormat].map(checkStage),
  scriptStage('binary interface against the real headers', ['scripts/abi-check/main.mjs']),
  scriptStage('expositions before the parsers of others', ['scripts/test-exposition.mjs']),
  scriptStage('every scenario in a real Prometheus', ['scripts/prometheus.mjs']),
  clientTests,
  checkStage(cppLint),
  ...sanitizerStages,
  [
    scriptStage('fuzzing the reader of HAMi files', ['scripts/fuzz.mjs', '--seconds=60']),
    scriptStage('nothing grows (an hour)', ['scripts/soak.mjs', '--short'], false),
  ],
  sweptAnswers,
  hangTests,
];

runScript(async () => {
  const asked = process.argv.slice(2);
  /** @param {Stage} stage */
  const isWanted = ({ name }) => asked.length === 0 || asked.some((part) => name.includes(part));
  const results = [];
  for (const some of stages) results.push(...(await Promise.all([some].flat().filter(isWanted).map(runStage))));
  const total = sum(results);
  console.log('');
  for (const { name, passed, failed, skipped, seconds } of results) {
    const detail = `${passed} good, ${failed} bad${skipped > 0 ? `, ${skipped} left out` : ''}`;
    console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${detail} (${seconds.toFixed(0)} s)`);
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});

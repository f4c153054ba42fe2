/**
 * `npm test`: installs, builds, runs the native unit tests and then Vitest. Arguments go to Vitest, and then it
 * alone is run: `npm test -- test/metrics`.
 */
import { rmSync } from 'node:fs';
import { ensureBuilt } from './build/ensure-built.mjs';
import { runScript } from './child.mjs';
import { reportsDirectory } from './layout.mjs';
import { runNativeTests } from './native-tests.mjs';
import { sum } from './reports.mjs';
import { runVitest } from './vitest.mjs';

runScript(async () => {
  await ensureBuilt();
  rmSync(reportsDirectory, { recursive: true, force: true });
  const args = process.argv.slice(2);
  const counts = args.length > 0 ? [] : [await runNativeTests()];
  counts.push(await runVitest('vitest.config.mjs', 'vitest.json', args));
  const { passed, failed, skipped } = sum(counts);
  console.log(`tests in all: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || counts.some(({ code }) => code !== 0) ? 1 : 0;
});

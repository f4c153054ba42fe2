/** Unit tests of the C++ core: `make -C test/native run` prints TAP. */
import { rmSync, writeFileSync } from 'node:fs';
import { jobs } from './build/steps.mjs';
import { runChild } from './child.mjs';
import { countTap, reportPath } from './reports.mjs';

/** @typedef {import('./reports.mjs').Count} Count */

/**
 * Builds and runs the native tests, and shows what they print.
 * @param {string} [sanitizer] value of SAN for the makefile: "address" (with undefined behaviour) or "thread"; none by default
 * @returns {Promise<Count & { code: number }>}
 */
export async function runNativeTests(sanitizer = '') {
  const name = sanitizer === '' ? 'native' : `native-${sanitizer}`;
  const report = reportPath(`${name}.tap`);
  rmSync(report, { force: true });
  const build = await runChild('make', ['-C', 'test/native', `-j${jobs}`, ...san(sanitizer)]);
  if (build.code !== 0) {
    process.stdout.write(build.output);
    console.log('building the native tests failed');
    return { passed: 0, failed: 1, skipped: 0, code: build.code };
  }
  const result = await runChild('make', ['-s', '-C', 'test/native', 'run', ...san(sanitizer)], {
    timeoutSeconds: 600,
  });
  writeFileSync(report, result.stdout);
  process.stdout.write(result.output);
  const count = countTap(result.stdout);
  const silent = result.code !== 0 && count.failed === 0;
  return { ...count, failed: silent ? 1 : count.failed, code: result.code };
}

/** @param {string} sanitizer */
const san = (sanitizer) => (sanitizer === '' ? [] : [`SAN=${sanitizer}`]);

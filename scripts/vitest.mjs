/** Vitest with its JSON report beside the ordinary output. */
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runChild } from './child.mjs';
import { inRoot } from './layout.mjs';
import { countVitest, reportPath } from './reports.mjs';

/** @typedef {import('./reports.mjs').Count} Count */

/**
 * Runs Vitest in the foreground.
 * @param {string} config configuration file, relative to the root
 * @param {string} reportName file name below out/reports
 * @param {readonly string[]} args passed on to Vitest
 * @param {{ env?: NodeJS.ProcessEnv, node?: string }} [options] additions to the environment; the Node to use, default
 *   this one
 * @returns {Promise<Count & { code: number }>} a run that leaves no report counts as one failure
 */
export async function runVitest(config, reportName, args, options = {}) {
  const { env = {}, node = process.execPath } = options;
  const command = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const report = reportPath(reportName);
  rmSync(report, { force: true });
  const { code } = await runChild(
    node,
    [
      command,
      'run',
      `--config=${inRoot(config)}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { show: true, env: { ...process.env, ...env } },
  );
  try {
    const count = countVitest(report);
    // An unhandled error outside of every test fails the run although each test passed.
    return { ...count, failed: code !== 0 && count.failed === 0 ? 1 : count.failed, code };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, code: code === 0 ? 1 : code };
  }
}

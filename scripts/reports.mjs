/** What the test runners counted, read from their own reports. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportsDirectory } from './layout.mjs';

/**
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** Path of a report; the folder is made. @param {string} name */
export function reportPath(name) {
  mkdirSync(reportsDirectory, { recursive: true });
  return join(reportsDirectory, name);
}

/**
 * Counts the results of a TAP stream (testanything.org, version 13 or 14; top level only). Several streams may
 * stand one after another, each with its own plan. A stream that ends before its plan is filled has failed once
 * more for what is missing: a program that dies half-way prints no failure.
 * @param {string} text
 * @returns {Count}
 */
export function countTap(text) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  let planned = 0;
  let plans = 0;
  let results = 0;
  for (const line of text.split('\n')) {
    const plan = /^1\.\.(\d+)/.exec(line);
    if (plan !== null) {
      planned += Number(plan[1]);
      plans++;
    }
    if (/^Bail out!/.test(line)) count.failed++;
    const result = /^(not )?ok\b(.*)$/.exec(line);
    if (result === null) continue;
    results++;
    const directive = /#\s*(skip|todo)/i.exec(result[2] ?? '')?.[1]?.toLowerCase();
    if (directive === 'skip') count.skipped++;
    else if (result[1] === undefined || directive === 'todo') count.passed++;
    else count.failed++;
  }
  if (plans === 0 || results < planned) count.failed++;
  return count;
}

/**
 * Counts the results in a report of Vitest's JSON reporter. A file that could not be loaded has no test to count
 * and is one failure.
 * @param {string} path
 * @returns {Count}
 */
export function countVitest(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const unloaded = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {readonly Count[]} counts @returns {Count} */
export function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const count of counts) {
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
  }
  return total;
}

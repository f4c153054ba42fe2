/** Rows of a benchmark: printed for people, and kept in out/bench for docs/benchmarks.md. */
import { mkdirSync, writeFileSync } from 'node:fs';

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {string} value with its unit
 * @property {string} [target] what was promised, empty = none
 * @property {boolean} [met]
 */

/**
 * Prints a table and writes it as Markdown to out/bench/<name>.md.
 * @param {string} name
 * @param {string} title
 * @param {readonly Row[]} rows
 */
export function report(name, title, rows) {
  const wide = Math.max(...rows.map((row) => row.what.length));
  console.log(`\n${title}`);
  for (const row of rows) {
    const verdict = row.met === undefined ? '' : row.met ? '  met' : '  MISSED';
    console.log(`  ${row.what.padEnd(wide)}  ${row.value}${row.target ? `  (target ${row.target})` : ''}${verdict}`);
  }
  const folder = new URL('../out/bench/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${row.value} | ${row.target ?? ''} | ${row.met === undefined ? '' : row.met ? 'met' : '**missed**'} |`,
  );
  writeFileSync(
    new URL(`${name}.md`, folder),
    `### ${title}\n\n| | measured | target | |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`,
  );
}

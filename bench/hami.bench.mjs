/** What reading HAMi usage files costs: per file and sample, with the files known and open (CPU of one thread). */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { report } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}out/bench`;
mkdirSync(out, { recursive: true });
execFileSync('g++', [
  ...['-O2', '-std=c++20', `-I${root}native`, `-I${root}test/native`],
  ...[
    `${root}bench/native/hami_bench.cpp`,
    `${root}test/native/hami_generator.cpp`,
    `${root}test/native/temporary_tree.cpp`,
  ],
  ...[`${root}out/native/libcore.a`, '-ldl', '-lpthread', '-o', `${out}/hami_bench`],
]);
const text = execFileSync(`${out}/hami_bench`, [], { encoding: 'utf8', timeout: 300_000 });
/** @type {import('./table.mjs').Row[]} */
const rows = [];
for (const line of text.trim().split('\n')) {
  const match = /^\s*(\d+) files\s+sample\s+\d+ ns .*CPU\s+(\d+) ns/.exec(line);
  if (match === null) continue;
  const microseconds = Number(match[2]) / 1000;
  rows.push({
    what: `sample of one file, ${match[1]} files known`,
    value: `${microseconds.toFixed(1)} µs`,
    target: '≤ 15 µs',
    met: microseconds <= 15,
  });
}
if (rows.length === 0) throw new Error(`no figures in what the bench printed:\n${text}`);
report('hami', 'HAMi usage files', rows);

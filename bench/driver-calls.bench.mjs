/** What the watch costs per driver call and per GPU cycle, over a bare C loop with the same calls. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { report } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}out/bench`;
mkdirSync(out, { recursive: true });

const stub = (/** @type {string} */ name, /** @type {string[]} */ flags) => {
  execFileSync('gcc', [
    '-O2',
    '-shared',
    '-fPIC',
    ...flags,
    '-o',
    `${out}/${name}`,
    `${root}bench/native/stub_library.c`,
  ]);
  return `${out}/${name}`;
};
const fast = stub('stub.so', []);
const working = stub('stub-10us.so', ['-DBURN_MICROSECONDS=10']);
execFileSync('g++', [
  ...['-O2', '-std=c++20', `-I${root}native`, `${root}bench/native/call_overhead.cpp`, `${root}out/native/libcore.a`],
  ...['-ldl', '-lpthread', '-o', `${out}/call_overhead`],
]);

/** @param {string} library */
const measure = (library) => JSON.parse(execFileSync(`${out}/call_overhead`, [library], { encoding: 'utf8' }));
const a = measure(fast);
const b = measure(working);
const watched = a.call_watched_ns - a.call_bare_ns;
const measured = a.call_measured_ns - a.call_bare_ns;
const cycle = (a.cycle_ns - a.cycle_bare_ns) / 1000;
const ratio = b.cycle_ns / b.cycle_bare_ns;

report('driver-calls', 'Driver calls under watch', [
  { what: 'bare call of the stub', value: `${a.call_bare_ns.toFixed(1)} ns` },
  { what: 'watched call, over bare', value: `${watched.toFixed(1)} ns`, target: '≤ 20 ns', met: watched <= 20 },
  {
    what: 'watched and measured call, over bare',
    value: `${measured.toFixed(1)} ns`,
    target: '≤ 50 ns',
    met: measured <= 50,
  },
  { what: 'calls per GPU and cycle', value: `${a.cycle_calls}`, target: '≤ 30', met: a.cycle_calls <= 30 },
  { what: 'GPU cycle, over the bare calls', value: `${cycle.toFixed(2)} µs`, target: '≤ 3 µs', met: cycle <= 3 },
  { what: 'GPU cycle ÷ bare calls when a call burns 10 µs', value: `${ratio.toFixed(3)}` },
]);

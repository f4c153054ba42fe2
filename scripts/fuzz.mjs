/**
 * `npm run fuzz [-- --seconds=N]`: every libFuzzer target in test/fuzz (one .cpp file each, with a folder of seeds of
 * the same name beside it) for N seconds, 60 by default, under AddressSanitizer and UndefinedBehaviorSanitizer. What
 * it finds new stays in out/fuzz, and what crashes it is told with the path of the input.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { filesBelow } from './build/fingerprint.mjs';
import { Failure, mustRun, runChild, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';

/** Debian's clang with its fuzzer runtime; another version by environment. */
const compiler = process.env.FUZZ_CXX ?? 'clang++-16';

const flags = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fsanitize=fuzzer,address,undefined',
  '-fno-sanitize-recover=undefined',
  '-Inative',
  '-Itest/native',
  '-pthread',
];

/**
 * Builds a target together with the parts of the core it is about and what the native tests share.
 * @param {string} target name of the file without .cpp
 * @returns {Promise<string>} path of the program
 */
async function build(target) {
  const program = inRoot('out', 'fuzz', target);
  mkdirSync(inRoot('out', 'fuzz'), { recursive: true });
  const core = filesBelow(['native/core/hami']);
  // The generator of the native tests makes the inputs that damage is done to.
  const support = filesBelow(['test/native']).filter((file) => !file.endsWith('_test.cpp'));
  const sources = [...core, ...support].filter((file) => file.endsWith('.cpp'));
  await mustRun(`building the fuzz target ${target} (needs clang-16 and libclang-rt-16-dev)`, compiler, [
    ...flags,
    `test/fuzz/${target}.cpp`,
    ...sources,
    '-ldl',
    '-o',
    program,
  ]);
  return program;
}

runScript(async () => {
  const given = process.argv.slice(2).map((arg) => /^--seconds=(\d+)$/.exec(arg)?.[1]);
  if (given.some((value) => value === undefined)) throw new Failure('usage: npm run fuzz -- [--seconds=N]');
  const seconds = Number(given[0] ?? 60);
  const folder = inRoot('test', 'fuzz');
  const targets = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.cpp'))
    .map((name) => name.slice(0, -'.cpp'.length));
  if (targets.length === 0) throw new Failure('no fuzz target in test/fuzz');
  for (const target of targets) {
    const program = await build(target);
    const found = inRoot('out', 'fuzz', `${target}-corpus`);
    mkdirSync(found, { recursive: true });
    const seeds = inRoot('test', 'fuzz', target);
    const perTarget = Math.max(1, Math.floor(seconds / targets.length));
    const { code, output, timedOut } = await runChild(
      program,
      [
        `-max_total_time=${perTarget}`,
        '-timeout=5',
        '-max_len=4096',
        '-rss_limit_mb=1024',
        '-print_final_stats=1',
        `-artifact_prefix=${inRoot('out', 'fuzz')}/`,
        found,
        ...(existsSync(seeds) ? [seeds] : []),
      ],
      { timeoutSeconds: perTarget + 120 },
    );
    if (code !== 0 || timedOut) throw new Failure(`the fuzz target ${target} found something`, output.slice(-20_000));
    const runs = /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1];
    if (runs === undefined || Number(runs) === 0) throw new Failure(`the fuzz target ${target} ran nothing`, output);
    console.log(`${target}: ${runs} inputs in ${perTarget} s, nothing found`);
  }
});

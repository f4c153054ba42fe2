/**
 * clang-tidy over every C++ source (.clang-tidy), two at a time. A source that was clean is not looked at again until
 * it, a header it includes, or the rules change.
 */

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fingerprint, isCurrent, remember } from '../build/fingerprint.mjs';
import { findNodeHeaders } from '../build/node-headers.mjs';
import { Failure, runChild } from '../child.mjs';
import { simulatorBranches } from '../layout.mjs';
import { findClangTool } from './clang-tools.mjs';
import { includedFiles } from './cpp-includes.mjs';
import { sourceFiles } from './sources.mjs';

/** Longest a single file may take, in seconds. */
const perFileSeconds = 180;

/**
 * Compiler flags for a source: each half of the repository sees its own headers only.
 * @param {string} file relative to the root
 */
function flagsFor(file) {
  if (file.endsWith('.c')) return ['-std=c17'];
  const flags = ['-std=c++20', '-Wall', '-Wextra', '-Wshadow'];
  if (file.startsWith('simulator/')) {
    // The branch is given by the makefile, one build each; for lint they are alike.
    return [...flags, '-Isimulator', '-Isimulator/nvml', `-DSIMULATED_BRANCH=${simulatorBranches[0]}`];
  }
  flags.push('-Inative');
  // Fuzzing and benchmarks use the generators of the native tests.
  if (/^(?:test|bench)\//.test(file)) flags.push('-Itest/native');
  if (file.startsWith('native/addon/')) {
    const { directory, tried } = findNodeHeaders();
    if (directory === undefined) throw new Failure(`no headers of Node found:\n  ${tried.join('\n  ')}`);
    const napi = dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
    flags.push('-isystem', `${directory}/include/node`, '-isystem', napi);
    flags.push('-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL');
    flags.push('-DNODE_ADDON_API_DISABLE_DEPRECATED', '-DNODE_GYP_MODULE_NAME=gpu_node_agent');
  }
  return flags;
}

/**
 * Rules besides .clang-tidy for a source. The static analyser walks every path through the assertions of a test, which
 * takes up to six times as long as all other rules; the sanitizers see what tests really do.
 * @param {string} file relative to the root
 */
const rulesFor = (file) => (/^(?:test|bench)\//.test(file) ? ['--checks=-clang-analyzer-*'] : []);

/** @type {import('./check.mjs').Check} */
export const cppLint = {
  name: 'lint of C++',
  async run() {
    const files = await sourceFiles('native/*.cpp', 'simulator/*.cpp', 'test/*.cpp', 'bench/*.cpp');
    if (files.length === 0) return { code: 1, output: 'no C++ sources found\n' };
    const command = await findClangTool('clang-tidy');
    let output = '';
    let code = 0;
    const waiting = [...files];
    const worker = async () => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const flags = flagsFor(file);
        const rules = rulesFor(file);
        const stamp = `lint-${file.replaceAll('/', '-')}`;
        const folders = flags.filter((flag) => flag.startsWith('-I')).map((flag) => flag.slice(2));
        const print = fingerprint(['.clang-tidy', file, ...includedFiles(file, folders)], {
          flags: [...rules, ...flags].join(' '),
        });
        if (isCurrent(stamp, print, [])) continue;
        const result = await runChild(command, ['--quiet', ...rules, file, '--', ...flags], {
          timeoutSeconds: perFileSeconds,
        });
        if (result.code === 0) {
          remember(stamp, print);
          continue;
        }
        code = 1;
        output += result.timedOut ? `${file}: took longer than ${perFileSeconds} s\n` : result.output;
      }
    };
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
    return { code, output };
  },
};

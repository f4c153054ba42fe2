/** The cross compiler: Python's ziglang wheel in a virtual environment below out/. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/** The release that was tried; about 400 MiB unpacked. */
const release = 'ziglang==0.17.1';

/**
 * Installs the compiler when it is not there.
 * @returns {Promise<string>} the Python that has it
 */
export async function ensureZig() {
  const folder = inRoot('out', 'zig');
  const python = join(folder, 'bin', 'python3');
  if (!existsSync(join(folder, 'complete'))) {
    await mustRun('making a virtual environment (needs python3-venv)', 'python3', ['-m', 'venv', folder]);
    console.log(`installing ${release} …`);
    await mustRun(`installing ${release}`, python, ['-m', 'pip', 'install', '--quiet', release]);
    writeFileSync(join(folder, 'complete'), release);
  }
  return python;
}

/**
 * Writes one-word compiler commands for makefiles.
 * @param {string} folder where they go
 * @param {string} python as {@link ensureZig} says
 * @param {string} target such as "aarch64-linux-gnu.2.28"
 * @returns {{ cc: string, cxx: string, ar: string }} paths
 */
export function writeCompilers(folder, python, target) {
  mkdirSync(folder, { recursive: true });
  /**
   * @param {string} name
   * @param {string} words
   */
  const script = (name, words) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\nexec '${python}' -m ziglang ${words} "$@"\n`, { mode: 0o755 });
    return path;
  };
  return {
    cc: script('cc', `cc -target ${target}`),
    cxx: script('c++', `c++ -target ${target}`),
    ar: script('ar', 'ar'),
  };
}

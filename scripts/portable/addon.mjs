/** The addon for another glibc or architecture: binding.gyp's recipe, in a folder of its own, with another compiler. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findNodeHeaders } from '../build/node-headers.mjs';
import { jobs } from '../build/steps.mjs';
import { Failure, mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/**
 * Builds the addon. The folder is below the root, so that binding.gyp finds node-addon-api from it.
 * @param {string} folder made anew by the caller
 * @param {'x64' | 'arm64'} arch
 * @param {{ cc: string, cxx: string, ar: string }} compilers
 * @returns {Promise<string>} path of the .node file
 */
export async function buildPortableAddon(folder, arch, compilers) {
  const { directory, tried } = findNodeHeaders();
  // Headers are the same for all architectures; which is built for is said by --arch.
  if (directory === undefined) {
    throw new Failure(`no Node headers on this machine; looked at:\n  ${tried.join('\n  ')}`);
  }
  mkdirSync(folder);
  copyFileSync(inRoot('binding.gyp'), join(folder, 'binding.gyp'));
  symlinkSync(inRoot('native'), join(folder, 'native'));
  // This compiler's operator new would show: everything stays inside but what Node looks for.
  const exports = join(folder, 'exports.map');
  writeFileSync(exports, '{ global: napi_*; node_api_*; local: *; };\n');
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const { cc, cxx, ar } = compilers;
  await mustRun(
    `building the addon for ${arch}`,
    process.execPath,
    [nodeGyp, 'configure', 'build', `--arch=${arch}`, `--nodedir=${directory}`, '--jobs', jobs, '--loglevel=error'],
    {
      cwd: folder,
      env: {
        ...process.env,
        CC: cc,
        CXX: cxx,
        AR: ar,
        LINK: cxx,
        CXXFLAGS: '-O2',
        LDFLAGS: `-s -Wl,--version-script=${exports}`,
      },
    },
  );
  return join(folder, 'build', 'Release', 'gpu_node_agent.node');
}

/** What is built, from what, by what. Each step is done only when its fingerprint changed. */
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Failure, mustRun, runChild } from '../child.mjs';
import {
  addonPath,
  bundleNoticesPath,
  bundlePath,
  inRoot,
  samplerPath,
  simulatorBranches,
  simulatorLibraryPath,
} from '../layout.mjs';
import { bundle, commit } from './bundle.mjs';
import { findNodeHeaders } from './node-headers.mjs';

/**
 * @typedef {object} Step
 * @property {string} name stable; the stamp's name
 * @property {string} title what a reader sees
 * @property {readonly string[]} inputs files and folders, relative to the root
 * @property {Readonly<Record<string, string | undefined>>} facts what else the result depends on
 * @property {readonly string[]} outputs absolute paths that must be there afterwards
 * @property {() => Promise<void>} run
 */

/** Compiler settings from outside that change what make and node-gyp produce. */
const compilerFacts = {
  CXX: process.env.CXX,
  CXXFLAGS: process.env.CXXFLAGS,
  LDFLAGS: process.env.LDFLAGS,
  arch: process.arch,
};

/** Two compilers at once; more gains nothing on small machines and starves large shared ones. */
export const jobs = process.env.JOBS ?? '2';

async function buildAddon() {
  const { directory, tried } = findNodeHeaders();
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const args = [nodeGyp, 'configure', 'build', '--jobs', jobs, '--loglevel=error'];
  if (directory !== undefined) args.push(`--nodedir=${directory}`);
  const result = await runChild(process.execPath, args);
  if (result.code === 0) return;
  const headers =
    directory !== undefined
      ? `headers from ${directory}`
      : `no Node headers on this machine, so node-gyp tried to download them; looked at:\n  ${tried.join('\n  ')}\n` +
        'install the headers of this Node version or name their folder in npm_config_nodedir';
  throw new Failure(`building the addon failed (${headers})`, result.output);
}

/** All steps in the order in which they are done: what users wait for least comes first. @type {readonly Step[]} */
export const steps = [
  {
    name: 'native',
    title: 'core and sampler (C++)',
    inputs: ['native/Makefile', 'native/core', 'native/sampler'],
    facts: compilerFacts,
    outputs: [samplerPath, inRoot('out', 'native', 'libcore.a')],
    run: async () => {
      await mustRun('building core and sampler', 'make', ['-C', 'native', `-j${jobs}`]);
    },
  },
  {
    name: 'addon',
    title: 'addon (C++ for Node)',
    inputs: ['binding.gyp', 'native/core', 'native/sampler', 'native/addon'],
    facts: { ...compilerFacts, node: process.version, headers: findNodeHeaders().directory },
    outputs: [addonPath],
    run: buildAddon,
  },
  {
    name: 'simulator',
    title: `simulated driver library (C++, branches ${simulatorBranches.join(', ')})`,
    inputs: ['simulator/Makefile', 'simulator/nvml'],
    facts: compilerFacts,
    outputs: simulatorBranches.map(simulatorLibraryPath),
    run: async () => {
      await mustRun('building the simulator', 'make', ['-C', 'simulator', `-j${jobs}`]);
    },
  },
  {
    name: 'bundle',
    title: 'agent (TypeScript)',
    inputs: [
      'src',
      'package.json',
      'package-lock.json',
      'scripts/build/bundle.mjs',
      'scripts/build/notices.mjs',
      'scripts/text-assets.mjs',
    ],
    facts: { commit },
    outputs: [bundlePath, bundleNoticesPath],
    run: bundle,
  },
];

/** Removes everything that steps made. */
export function clean() {
  for (const path of ['out', 'build', 'dist']) rmSync(inRoot(path), { recursive: true, force: true });
}

/** The addon for hosts like this machine, made by prebuildify: binding.gyp's recipe, laid out and named for node-gyp-build. */
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findNodeHeaders } from '../build/node-headers.mjs';
import { jobs } from '../build/steps.mjs';
import { Failure, mustRun } from '../child.mjs';
import { inRoot, prebuilt } from '../layout.mjs';

/** prebuildify's command line. */
const prebuildify = createRequire(import.meta.url).resolve('prebuildify/bin.js');

/**
 * Builds into `<tree>/prebuilds/linux-<arch>/`. prebuildify moves what node-gyp made out of its build folder, so that it
 * works in one of its own: the checkout's addon stays where tests look for it.
 * @param {string} tree where the folder prebuilds/ is
 * @param {{ folder?: string, nodeGyp?: string }} [options] folder to work in, below the root so that binding.gyp finds
 *   node-addon-api from it; the program that builds
 * @returns {Promise<string>} path of the .node file
 */
export async function prebuildAddon(
  tree,
  { folder = inRoot('out', 'prebuild'), nodeGyp = inRoot('node_modules', '.bin', 'node-gyp') } = {},
) {
  const { directory, tried } = findNodeHeaders();
  // Without a folder of headers prebuildify lets node-gyp download those of the oldest Node it knows.
  if (directory === undefined) {
    throw new Failure(`no Node headers on this machine; looked at:\n  ${tried.join('\n  ')}`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(inRoot('binding.gyp'), join(folder, 'binding.gyp'));
  // The file is named after the package.
  copyFileSync(inRoot('package.json'), join(folder, 'package.json'));
  symlinkSync(inRoot('native'), join(folder, 'native'));
  const { addon } = prebuilt(tree, process.arch);
  rmSync(addon, { force: true });
  await mustRun(
    'building the addon with prebuildify',
    process.execPath,
    [prebuildify, '--napi', '--strip', '--tag-libc', `--cwd=${folder}`, `--out=${tree}`],
    {
      cwd: folder,
      env: {
        ...process.env,
        PREBUILD_NODE_GYP: nodeGyp,
        npm_config_nodedir: directory,
        npm_config_jobs: jobs,
        npm_config_loglevel: 'error',
      },
    },
  );
  if (!existsSync(addon)) throw new Failure(`prebuildify did not make ${addon}; this machine's C library is not glibc`);
  return addon;
}

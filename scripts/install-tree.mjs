/**
 * `node scripts/install-tree.mjs DIRECTORY`: lays out what a host needs to run the agent, and nothing else: the
 * bundle, the native parts for this platform, the addon's loader and the licence. The Dockerfile copies this tree;
 * on a host it belongs in /usr/lib/gpu-node-agent, where the systemd unit starts it.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, mustRun, runScript } from './child.mjs';
import { addonPath, copyBundle, inRoot, prebuilt, samplerPath } from './layout.mjs';

runScript(async () => {
  const [given, ...more] = process.argv.slice(2);
  if (given === undefined || more.length > 0) throw new Failure('usage: node scripts/install-tree.mjs DIRECTORY');
  const tree = resolve(given);
  if (existsSync(tree) && readdirSync(tree).length > 0) throw new Failure(`${tree} is not empty`);
  await ensureBuilt(['native', 'addon', 'bundle']);
  const { addon, sampler } = prebuilt(tree, process.arch);
  /** @type {[string, string][]} */
  const files = [
    [addonPath, addon],
    [samplerPath, sampler],
    [inRoot('package.json'), join(tree, 'package.json')],
    [inRoot('LICENSE'), join(tree, 'LICENSE')],
    [inRoot('CHANGELOG.md'), join(tree, 'CHANGELOG.md')],
  ];
  for (const [from, to] of files) {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  copyBundle(tree);
  await mustRun('stripping the native parts', 'strip', ['--strip-unneeded', addon, sampler]);
  cpSync(inRoot('node_modules', 'node-gyp-build'), join(tree, 'node_modules', 'node-gyp-build'), { recursive: true });
  console.log(`installed into ${tree}`);
});

/**
 * `npm run prebuildify`: addon and sampler for hosts like this machine (its architecture, its C library or newer), in
 * prebuilds/linux-<arch>/ as `npm run cross-build` leaves the portable ones, in whose place they come. With this
 * machine's own compiler: nothing is fetched.
 */
import { copyFileSync } from 'node:fs';
import { ensureBuilt } from './build/ensure-built.mjs';
import { mustRun, runScript } from './child.mjs';
import { inRoot, prebuilt, samplerPath } from './layout.mjs';
import { prebuildAddon } from './prebuild/addon.mjs';
import { assertResolved } from './prebuild/resolved.mjs';

runScript(async () => {
  await ensureBuilt(['native']);
  const addon = await prebuildAddon(inRoot());
  const { sampler, folder } = prebuilt(inRoot(), process.arch);
  copyFileSync(samplerPath, sampler);
  await mustRun('stripping the sampler', 'strip', ['--strip-unneeded', sampler]);
  await assertResolved(inRoot(), process.arch);
  console.log(`${folder}: addon and sampler for hosts like this one; node-gyp-build takes ${addon}`);
});

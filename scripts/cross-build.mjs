/**
 * `npm run cross-build [-- x64|arm64 …]`: sampler, addon and simulated libraries for any host with glibc 2.28 or newer,
 * both architectures from one machine. The tool chain is the ziglang wheel, a C++ compiler that lets one choose the
 * glibc; see docs/decisions/portable-builds.md. Results are in out/portable/<arch>/; what is shipped is copied to
 * prebuilds/linux-<arch>/, where the agent finds it when there is no build of this machine's own.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './build/steps.mjs';
import { Failure, mustRun, runScript } from './child.mjs';
import { inRoot, prebuilt, simulatorBranches } from './layout.mjs';
import { buildPortableAddon } from './portable/addon.mjs';
import { assertExports, assertPortable } from './portable/glibc.mjs';
import { ensureZig, writeCompilers } from './portable/zig.mjs';
import { assertResolved } from './prebuild/resolved.mjs';

/** Node's name of an architecture to the compiler's. */
const targets = /** @type {const} */ ({ x64: 'x86_64-linux-gnu.2.28', arm64: 'aarch64-linux-gnu.2.28' });

/** What Node looks for in an addon. Its own C++ runtime must not show, or it would mix with the one Node has. */
const addonExports = /^n(?:api|ode_api)_\w+$/;

/**
 * @param {keyof typeof targets} arch
 * @param {string} python of the virtual environment with ziglang
 */
async function buildFor(arch, python) {
  const out = inRoot('out', 'portable', arch);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const compilers = writeCompilers(out, python, targets[arch]);
  const { cxx, ar } = compilers;
  const make = (/** @type {string} */ folder, /** @type {string} */ into) =>
    mustRun(`building ${folder} for ${arch}`, 'make', [
      '-C',
      folder,
      `-j${jobs}`,
      `CXX=${cxx}`,
      `AR=${ar}`,
      `OUT=${into}`,
      // The C++ runtime of this compiler is always linked in.
      'STATIC=',
      'CXXFLAGS=-O2',
      'LDFLAGS=-s',
    ]);
  await make('native', `${out}/native`);
  await make('simulator', `${out}/simulator`);
  const addon = await buildPortableAddon(join(out, 'addon'), arch, compilers);
  const sampler = `${out}/native/gpu-node-sampler`;
  const made = [sampler, addon, ...simulatorBranches.map((branch) => `${out}/simulator/${branch}/libnvidia-ml.so.1`)];
  for (const file of made) await assertPortable(file, [2, 28]);
  await assertExports(addon, addonExports);
  const shipped = prebuilt(inRoot(), arch);
  rmSync(shipped.folder, { recursive: true, force: true });
  mkdirSync(shipped.folder, { recursive: true });
  copyFileSync(addon, shipped.addon);
  copyFileSync(sampler, shipped.sampler);
  await assertResolved(inRoot(), arch);
  console.log(`${arch}: ${made.length} files need glibc 2.28 at most, and no C++ runtime: ${out}`);
}

runScript(async () => {
  const asked = process.argv.slice(2);
  const wrong = asked.find((arch) => !(arch in targets));
  if (wrong !== undefined)
    throw new Failure(`unknown architecture "${wrong}": expected ${Object.keys(targets).join(' or ')}`);
  const python = await ensureZig();
  for (const arch of /** @type {(keyof typeof targets)[]} */ (Object.keys(targets))) {
    if (asked.length === 0 || asked.includes(arch)) await buildFor(arch, python);
  }
});

/**
 * `npm run cross-build [-- x64|arm64 …]`: sampler and simulated libraries for any host with glibc 2.28 or newer, both
 * architectures from one machine. The tool chain is the ziglang wheel, a C++ compiler that lets one choose the glibc;
 * see docs/decisions/portable-builds.md. Results are in out/portable/<arch>/.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { jobs } from './build/steps.mjs';
import { Failure, mustRun, runScript } from './child.mjs';
import { inRoot, simulatorBranches } from './layout.mjs';
import { assertPortable } from './portable/glibc.mjs';
import { ensureZig, writeCompilers } from './portable/zig.mjs';

/** Node's name of an architecture to the compiler's. */
const targets = /** @type {const} */ ({ x64: 'x86_64-linux-gnu.2.28', arm64: 'aarch64-linux-gnu.2.28' });

/**
 * @param {keyof typeof targets} arch
 * @param {string} python of the virtual environment with ziglang
 */
async function buildFor(arch, python) {
  const out = inRoot('out', 'portable', arch);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { cxx, ar } = writeCompilers(out, python, targets[arch]);
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
  const made = [
    `${out}/native/gpu-node-sampler`,
    ...simulatorBranches.map((branch) => `${out}/simulator/${branch}/libnvidia-ml.so.1`),
  ];
  for (const file of made) await assertPortable(file, [2, 28]);
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

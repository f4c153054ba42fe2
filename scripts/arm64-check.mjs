/**
 * `npm run test:arm64`: the arm64 sampler reads a simulated node through the arm64 simulated library, under
 * qemu-user, and must say the same of every GPU as the x64 one says. Then the agent itself runs on an arm64 Node with
 * the arm64 addon. Needs Debian's qemu-user and the arm64 libraries of C and C++; in CI as root they are installed.
 */
import { chmodSync, copyFileSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, mustRun, runChild, runScript } from './child.mjs';
import { copyBundle, inRoot, prebuilt, samplerPath, simulatorCommand } from './layout.mjs';
import { ensureNode } from './node-versions/binaries.mjs';
import { smoke } from './node-versions/smoke.mjs';

const armLibraries = '/usr/aarch64-linux-gnu';
/** Driver branch of the simulated node, the same for both. */
const branch = '580';
const packages = ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross'];
/** Runs an arm64 program. */
const emulated = ['qemu-aarch64', '-L', armLibraries];
/** The Node of the container image's line. */
const nodeVersion = '24.21.0';
/** What Node for arm64 needs beside the C library; the sampler needs none of it. */
const cxxLibrary = join(armLibraries, 'lib', 'libstdc++.so.6');

async function ensureEmulator() {
  if ((await runChild('qemu-aarch64', ['--version'])).code === 0 && existsSync(cxxLibrary)) return;
  if (process.env.CI !== 'true' || process.getuid?.() !== 0) {
    throw new Failure(`not installed: apt-get install --no-install-recommends ${packages.join(' ')}`);
  }
  await mustRun('reading package lists', 'apt-get', ['-qq', 'update']);
  await mustRun('installing the emulator', 'apt-get', [
    '-qq',
    'install',
    '--yes',
    '--no-install-recommends',
    ...packages,
  ]);
}

/**
 * One reading.
 * @param {readonly string[]} command the sampler, with what runs it
 * @param {string} node folder of the simulated node
 */
async function readOnce(command, node) {
  const [program = '', ...before] = command;
  const { stdout } = await mustRun(
    `reading once with ${program}`,
    program,
    [
      ...before,
      '--once',
      '--json',
      '--deadline',
      '60000',
      `--nvml.library=${node}/driver/libnvidia-ml.so.1`,
      `--clock.file=${node}/clock`,
    ],
    { timeoutSeconds: 120 },
  );
  return JSON.parse(stdout);
}

/** What must be the same on both: identity, not values that move with the clock. @param {any} report */
const identities = (report) =>
  report.gpus.map((/** @type {any} */ gpu) => ({ index: gpu.index, uuid: gpu.uuid, name: gpu.name }));

/** The simulated driver library. */
const armLibrary = inRoot('out', 'portable', 'arm64', 'simulator', branch, 'libnvidia-ml.so.1');

/** The agent as a package has it, without a build of this machine beside it. @returns {string} its folder */
function layOut() {
  const tree = inRoot('out', 'arm64-tree');
  rmSync(tree, { recursive: true, force: true });
  const loader = join('node_modules', 'node-gyp-build');
  cpSync(inRoot(loader), join(tree, loader), { recursive: true });
  copyBundle(tree);
  copyFileSync(inRoot('package.json'), join(tree, 'package.json'));
  cpSync(prebuilt(inRoot(), 'arm64').folder, prebuilt(tree, 'arm64').folder, { recursive: true });
  return tree;
}

/** `serve` on an arm64 Node. The kernel cannot start the arm64 sampler by itself: a script puts the emulator before it. */
async function runAgent() {
  const tree = layOut();
  const script = join(tree, 'sampler');
  writeFileSync(script, `#!/bin/sh\nexec ${emulated.join(' ')} '${prebuilt(tree, 'arm64').sampler}' "$@"\n`);
  chmodSync(script, 0o755);
  await smoke([...emulated, await ensureNode(nodeVersion, 'arm64')], {
    tree,
    prepare(simulated) {
      copyFileSync(armLibrary, join(simulated, 'driver', 'libnvidia-ml.so.1'));
      return [`--sampler.path=${script}`];
    },
  });
}

runScript(async () => {
  await ensureBuilt(['native', 'simulator', 'bundle']);
  await ensureEmulator();
  await mustRun('building for arm64', process.execPath, ['scripts/cross-build.mjs', 'arm64'], { show: true });
  const node = inRoot('out', 'arm64-node');
  rmSync(node, { recursive: true, force: true });
  const create = ['create', node, '--scenario', 'mixed', '--branch', branch];
  await mustRun('making a simulated node', process.execPath, [simulatorCommand, ...create]);
  const here = await readOnce([samplerPath], node);
  copyFileSync(armLibrary, `${node}/driver/libnvidia-ml.so.1`);
  const there = await readOnce([...emulated, prebuilt(inRoot(), 'arm64').sampler], node);
  if (there.driver?.initialized !== true)
    throw new Failure('arm64: the driver was not initialised', JSON.stringify(there));
  if (here.gpus.length === 0) throw new Failure('the simulated node has no GPU');
  if (!isDeepStrictEqual(identities(here), identities(there))) {
    throw new Failure(
      'arm64 and x64 differ',
      JSON.stringify({ x64: identities(here), arm64: identities(there) }, null, 2),
    );
  }
  console.log(`arm64 under qemu: ${there.gpus.length} GPUs, the same as on x64`);
  await runAgent();
  console.log(`the agent on Node ${nodeVersion} for arm64, under qemu: runs`);
});

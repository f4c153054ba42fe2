/**
 * `npm run test:arm64`: the arm64 sampler reads a simulated node through the arm64 simulated library, under
 * qemu-user, and must say the same of every GPU as the x64 one says. Needs Debian's qemu-user and the arm64 C library
 * (libc6-arm64-cross); in CI as root they are installed.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, mustRun, runChild, runScript } from './child.mjs';
import { inRoot, samplerPath, simulatorCommand } from './layout.mjs';

const armLibraries = '/usr/aarch64-linux-gnu';
/** Driver branch of the simulated node, the same for both. */
const branch = '580';
const packages = ['qemu-user', 'libc6-arm64-cross'];

async function ensureEmulator() {
  if ((await runChild('qemu-aarch64', ['--version'])).code === 0 && existsSync(armLibraries)) return;
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

runScript(async () => {
  await ensureBuilt(['native', 'simulator']);
  await ensureEmulator();
  await mustRun('building for arm64', process.execPath, ['scripts/cross-build.mjs', 'arm64'], { show: true });
  const node = inRoot('out', 'arm64-node');
  rmSync(node, { recursive: true, force: true });
  const create = ['create', node, '--scenario', 'mixed', '--branch', branch];
  await mustRun('making a simulated node', process.execPath, [simulatorCommand, ...create]);
  const here = await readOnce([samplerPath], node);
  copyFileSync(
    inRoot('out', 'portable', 'arm64', 'simulator', branch, 'libnvidia-ml.so.1'),
    `${node}/driver/libnvidia-ml.so.1`,
  );
  const sampler = inRoot('out', 'portable', 'arm64', 'native', 'gpu-node-sampler');
  const there = await readOnce(['qemu-aarch64', '-L', armLibraries, sampler], node);
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
});

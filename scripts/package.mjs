/**
 * `npm run package`: the npm package for both architectures, out/package/gpu-node-agent-<version>.tgz. What is in it is
 * compared with a list, and the unpacked package is run: on this machine's Node, with the portable addon and sampler,
 * on a simulated node that is not part of it.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build/ensure-built.mjs';
import { mustRun, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';
import { smoke } from './node-versions/smoke.mjs';
import { checkContents } from './package/contents.mjs';

/** @param {string} archive */
async function runUnpacked(archive) {
  const folder = mkdtempSync(join(tmpdir(), 'gna-package-'));
  try {
    await mustRun('unpacking the package', 'tar', ['-xzf', archive, '-C', folder]);
    const tree = join(folder, 'package');
    // The one dependency the bundle does not hold.
    const loader = join('node_modules', 'node-gyp-build');
    cpSync(inRoot(loader), join(tree, loader), { recursive: true });
    await smoke([process.execPath], { tree });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

runScript(async () => {
  await ensureBuilt(['simulator', 'bundle']);
  await mustRun('building for both architectures', process.execPath, ['scripts/cross-build.mjs'], { show: true });
  const out = inRoot('out', 'package');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { stdout } = await mustRun('packing', 'npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    `--pack-destination=${out}`,
  ]);
  const [packed] = JSON.parse(stdout);
  checkContents(packed.files.map((/** @type {{ path: string }} */ { path }) => path));
  await runUnpacked(join(out, packed.filename));
  console.log(`${join(out, packed.filename)}: ${packed.files.length} files, ${packed.size} bytes, runs`);
});

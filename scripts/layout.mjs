/** Where things are in this repository. Built things live in ignored folders: out/, build/, dist/. */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Absolute path of something in the repository.
 * @param {...string} parts path relative to the root
 */
export const inRoot = (...parts) => join(root, ...parts);

/** The sampler: probe, and the process that talks to the driver. */
export const samplerPath = inRoot('out', 'native', 'gpu-node-sampler');

/** The addon as node-gyp leaves it; node-gyp-build finds it there. */
export const addonPath = inRoot('build', 'Release', 'gpu_node_agent.node');

/**
 * Native parts as packages and installations have them; node-gyp-build and the agent look there.
 * @param {string} tree folder with package.json
 * @param {string} arch Node's name of the architecture
 */
export function prebuilt(tree, arch) {
  const folder = join(tree, 'prebuilds', `linux-${arch}`);
  return { folder, addon: join(folder, 'gpu-node-agent.glibc.node'), sampler: join(folder, 'gpu-node-sampler') };
}

/** Where the bundled agent begins: what `npm start` runs. Its other parts lie beside it. */
export const bundlePath = inRoot('dist', 'gpu-node-agent.mjs');

/**
 * Puts the bundle, which is more than one file, where an installation has it; without source maps.
 * @param {string} tree folder with package.json
 */
export function copyBundle(tree) {
  cpSync(inRoot('dist'), join(tree, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.map') });
}

/** Licences of the packages inside the bundle. */
export const bundleNoticesPath = inRoot('dist', 'THIRD-PARTY-NOTICES.txt');

/** Driver branches the simulator builds a library for. */
export const simulatorBranches = ['535', '550', '580', '590'];

/**
 * The simulated library of one branch.
 * @param {string} branch one of {@link simulatorBranches}
 */
export const simulatorLibraryPath = (branch) => inRoot('out', 'simulator', branch, 'libnvidia-ml.so.1');

/** The simulator's command, a program of its own. */
export const simulatorCommand = inRoot('simulator', 'bin', 'gpu-node-simulator.mjs');

/** Reports that runners leave behind for the count at the end of CI. */
export const reportsDirectory = inRoot('out', 'reports');

/** Cells of the sweep over a running agent, as TAP; a file of each part and driver branch. */
export const sweptCellsDirectory = inRoot('out', 'reports', 'sweep');

/**
 * @param {string} part
 * @param {string} branch
 */
export const sweptCellsPath = (part, branch) => join(sweptCellsDirectory, `${part}-${branch}.tap`);

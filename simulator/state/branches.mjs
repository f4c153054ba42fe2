// @ts-check
/**
 * The driver branches there is a library for.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Driver version by branch; `nvml/branch.cpp` says the same to the library. */
export const DRIVER_VERSIONS = Object.freeze({
  535: '535.183.06',
  550: '550.127.08',
  580: '580.65.06',
  590: '590.48.01',
});

export const DEFAULT_BRANCH = '580';

const LIBRARY = 'libnvidia-ml.so.1';

/**
 * @param {string} branch
 * @returns {string} its driver version
 * @throws {RangeError} when there is no such branch
 */
export function driverVersionOf(branch) {
  const version = /** @type {Record<string, string>} */ (DRIVER_VERSIONS)[branch];
  if (version === undefined) {
    throw new RangeError(`no driver branch "${branch}"; expected one of: ${Object.keys(DRIVER_VERSIONS).join(', ')}`);
  }
  return version;
}

/**
 * Puts a branch's library into a node by rename and removes the one before: who has the old one mapped keeps it.
 * @param {string} nodeDirectory
 * @param {string} branch
 * @throws {Error} when the library was not built
 */
export function installLibrary(nodeDirectory, branch) {
  const built = fileURLToPath(new URL(`../../out/simulator/${branch}/${LIBRARY}`, import.meta.url));
  if (!existsSync(built)) throw new Error(`${built} was not built; run "make -C simulator" first`);
  mkdirSync(join(nodeDirectory, 'driver'), { recursive: true });
  const folder = join(nodeDirectory, 'driver');
  // As packages do it: a file with the version in its name, and a link by which programs find it.
  const file = LIBRARY.replace(/1$/, driverVersionOf(branch));
  copyFileSync(built, join(folder, `${file}.new`));
  renameSync(join(folder, `${file}.new`), join(folder, file));
  symlinkSync(file, join(folder, `${LIBRARY}.new`));
  renameSync(join(folder, `${LIBRARY}.new`), join(folder, LIBRARY));
  for (const old of readdirSync(folder)) {
    if (old.startsWith(LIBRARY.replace(/1$/, '')) && old !== LIBRARY && old !== file) rmSync(join(folder, old));
  }
}

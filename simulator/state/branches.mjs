// @ts-check
/**
 * The driver branches there is a library for.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
 * The driver of a captured host, as far as a branch's library can stand for it.
 * @typedef {object} CapturedDriver
 * @property {string} branch whose library is used
 * @property {string} [version] absent = that of the branch
 * @property {readonly string[]} [missing] functions that the captured library did not have
 */

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
 * @param {{ version?: string, missing?: readonly string[] }} [driver] of a captured host
 * @throws {Error} when the library was not built
 */
export function installLibrary(nodeDirectory, branch, { version = driverVersionOf(branch), missing = [] } = {}) {
  const built = fileURLToPath(new URL(`../../out/simulator/${branch}/${LIBRARY}`, import.meta.url));
  if (!existsSync(built)) throw new Error(`${built} was not built; run "make -C simulator" first`);
  mkdirSync(join(nodeDirectory, 'driver'), { recursive: true });
  const folder = join(nodeDirectory, 'driver');
  // As packages do it: a file with the version in its name, and a link by which programs find it.
  const file = LIBRARY.replace(/1$/, version);
  copyFileSync(built, join(folder, `${file}.new`));
  if (missing.length > 0) hideSymbols(join(folder, `${file}.new`), missing);
  renameSync(join(folder, `${file}.new`), join(folder, file));
  symlinkSync(file, join(folder, `${LIBRARY}.new`));
  renameSync(join(folder, `${LIBRARY}.new`), join(folder, LIBRARY));
  for (const old of readdirSync(folder)) {
    if (old.startsWith(LIBRARY.replace(/1$/, '')) && old !== LIBRARY && old !== file) rmSync(join(folder, old));
  }
}

/**
 * Takes functions out of a library: whoever looks for one compares its name, which is another from now on.
 * @param {string} path of the library
 * @param {readonly string[]} names
 */
function hideSymbols(path, names) {
  const bytes = readFileSync(path);
  for (const name of names) {
    const whole = Buffer.from(`\0${name}\0`, 'latin1');
    let at = bytes.indexOf(whole);
    if (at < 0) throw new Error(`driver.missing: ${path} has no function ${name} to take out`);
    for (; at >= 0; at = bytes.indexOf(whole, at + 1)) bytes.write('-', at + 1, 'latin1');
  }
  writeFileSync(path, bytes);
}

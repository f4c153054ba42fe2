/** Commands of installed packages, run with this Node and without a shell. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runChild } from '../child.mjs';

/**
 * @param {string} packageName
 * @param {string} path of the command inside the package
 * @param {readonly string[]} args
 */
export function runNodeBinary(packageName, path, args) {
  const folder = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  return runChild(process.execPath, [join(folder, path), ...args]);
}

// @ts-check
/**
 * Files of a captured host, laid over the trees of a node.
 */
import { lstatSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';

/**
 * @typedef {object} CapturedFile
 * @property {'sysfs' | 'procfs'} root
 * @property {string} path below it
 * @property {string} [text]
 * @property {string} [link] target of a symbolic link, relative to its place
 */

const FOLDERS = { sysfs: 'sys', procfs: 'proc' };

/**
 * @param {string} hostDirectory
 * @param {readonly CapturedFile[]} files a folder's link comes before the files in it
 * @throws {RangeError} for a path or a link that leads out of its tree
 */
export function layOver(hostDirectory, files) {
  for (const file of files) checkWords(file);
  for (const { root, path, text, link } of files) {
    const tree = join(hostDirectory, FOLDERS[root]);
    const file = join(tree, path);
    checkWay(tree, path);
    if (link === undefined) {
      mkdirSync(dirname(file), { recursive: true });
      rmSync(file, { force: true });
      writeFileSync(file, text ?? '');
      continue;
    }
    const target = join(dirname(path), link);
    mkdirSync(dirname(file), { recursive: true });
    // What a link leads to is a folder: of a device, a driver, an IOMMU group.
    mkdirSync(join(tree, target), { recursive: true });
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) rmSync(file, { recursive: true });
    symlinkSync(link, file);
  }
}

/**
 * What can be told of a file without the tree, so that nothing is written when one of them is wrong.
 * @param {CapturedFile} file
 */
function checkWords({ path, link }) {
  checkInside(path, path);
  if (link === undefined) return;
  if (isAbsolute(link)) throw new RangeError(`host.files: expected a relative link inside its tree, got ${link}`);
  checkInside(join(dirname(path), link), link);
}

/**
 * No folder on the way may be a link that leads out of the tree: words alone do not tell.
 * @param {string} tree
 * @param {string} path
 */
function checkWay(tree, path) {
  mkdirSync(tree, { recursive: true });
  const root = realpathSync(tree);
  let folder = tree;
  for (const part of normalize(dirname(path)).split('/')) {
    folder = join(folder, part);
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
    const real = realpathSync(folder);
    if (real !== root && !real.startsWith(`${root}/`)) {
      throw new RangeError(
        `host.files: expected a path inside its tree, got ${path}, where ${part} is a link out of it`,
      );
    }
  }
}

/**
 * @param {string} path
 * @param {string} spelled
 */
function checkInside(path, spelled) {
  const plain = normalize(path);
  if (plain.startsWith('..') || plain.startsWith('/')) {
    throw new RangeError(`host.files: expected a path inside its tree, got ${spelled}`);
  }
}

// @ts-check
/** Writing a directory tree: parents are made, files that change are replaced whole: no reader sees half a file. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A directory into which a part of the simulated host is written. Paths are relative to it.
 * @typedef {object} Tree
 * @property {string} root absolute path
 * @property {(path: string) => string} path absolute path of an entry
 * @property {(path: string) => void} directory makes a directory and its parents
 * @property {(path: string, text: string, mode?: number) => void} file writes a file; unchanged text is not written again
 * @property {(path: string, target: string) => void} link makes or replaces a symbolic link with exactly this text
 * @property {(path: string) => string[]} names entries of a directory; none when it is absent
 * @property {(path: string) => void} remove removes an entry and all below it; absent is fine
 * @property {(path: string) => Tree} below the tree that starts at a sub-directory
 */

/**
 * @param {string} root absolute path; made when absent
 * @returns {Tree}
 */
export function openTree(root) {
  mkdirSync(root, { recursive: true });
  const path = (/** @type {string} */ relative) => join(root, relative);
  return {
    root,
    path,
    directory: (relative) => void mkdirSync(path(relative), { recursive: true }),
    file: (relative, text, mode = 0o644) => {
      const target = path(relative);
      const present = contentOf(target);
      if (present === text) return;
      if (present === undefined) {
        inParent(target, () => writeFileSync(target, text, { mode }));
        return;
      }
      const fresh = `${target}.new`;
      writeFileSync(fresh, text, { mode });
      renameSync(fresh, target);
    },
    link: (relative, target) => {
      const place = path(relative);
      if (targetOf(place) === target) return;
      rmSync(place, { recursive: true, force: true });
      inParent(place, () => symlinkSync(target, place));
    },
    names: (relative) => namesIn(path(relative)),
    remove: (relative) => rmSync(path(relative), { recursive: true, force: true }),
    below: (relative) => openTree(path(relative)),
  };
}

/**
 * Makes an entry, and its parents only where they are missing: a tree has thousands of entries in few directories.
 * @param {string} path
 * @param {() => void} make
 */
function inParent(path, make) {
  try {
    make();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    make();
  }
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function contentOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function targetOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function namesIn(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

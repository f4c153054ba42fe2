/**
 * Whether a build step has anything to do: a fingerprint over the contents of its inputs and the facts it depends
 * on, kept in a stamp file. Contents and not times, because a fresh clone, a branch change and a touched file all
 * lie about times.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, root } from '../layout.mjs';

/**
 * All files below some paths, relative to the root, sorted. A path that does not exist has none.
 * @param {readonly string[]} paths files or folders, relative to the root
 * @returns {string[]}
 */
export function filesBelow(paths) {
  /** @type {string[]} */
  const found = [];
  for (const path of paths) {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      found.push(...filesBelow(readdirSync(join(root, path)).map((name) => join(path, name))));
    } else if (stat?.isFile()) {
      found.push(path);
    }
  }
  return found.sort();
}

/**
 * Fingerprint of files and facts.
 * @param {readonly string[]} paths files or folders, relative to the root
 * @param {Readonly<Record<string, string | undefined>>} facts versions, settings and the like
 */
export function fingerprint(paths, facts) {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(facts)) hash.update(`${name}=${value ?? ''}\0`);
  for (const file of filesBelow(paths))
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

/** @param {string} name */
const stampPath = (name) => inRoot('out', 'stamps', name);

/**
 * Whether a step's last success was with this fingerprint and all it made is still there.
 * @param {string} name the step
 * @param {string} print its fingerprint now
 * @param {readonly string[]} outputs absolute paths
 */
export function isCurrent(name, print, outputs) {
  try {
    return readFileSync(stampPath(name), 'utf8') === print && outputs.every((path) => existsSync(path));
  } catch {
    return false;
  }
}

/**
 * Forgets a step's last success; done before it starts, so that an interrupted step is done again.
 * @param {string} name
 */
export function forget(name) {
  rmSync(stampPath(name), { force: true });
}

/**
 * Remembers a step's success.
 * @param {string} name
 * @param {string} print
 */
export function remember(name, print) {
  mkdirSync(inRoot('out', 'stamps'), { recursive: true });
  writeFileSync(stampPath(name), print);
}

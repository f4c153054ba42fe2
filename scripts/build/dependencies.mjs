/** Packages: installed by `npm ci` when the lock file says something else than what is there. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

const stamp = inRoot('node_modules', '.installed-from');

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Whether somebody's own `npm install` already left what the lock file asks for. npm keeps a lock file of what it
 * put into node_modules; packages for other platforms are in the one and not in the other.
 * @param {string} lock text of package-lock.json
 * @param {string | undefined} installed text of node_modules/.package-lock.json
 */
export function matchesInstalled(lock, installed) {
  if (installed === undefined) return false;
  const wanted = JSON.parse(lock).packages;
  const there = JSON.parse(installed).packages;
  return Object.keys(wanted).every(
    (path) =>
      path === '' ||
      (there[path] === undefined ? wanted[path].optional === true : there[path].version === wanted[path].version),
  );
}

/** Makes node_modules agree with package-lock.json. @returns {Promise<boolean>} whether anything was installed */
export async function ensureDependencies() {
  const lock = readFileSync(inRoot('package-lock.json'), 'utf8');
  const print = createHash('sha256').update(lock).update(process.platform).update(process.arch).digest('hex');
  if (readIfThere(stamp) === print) return false;
  if (!matchesInstalled(lock, readIfThere(inRoot('node_modules', '.package-lock.json')))) {
    console.log('installing packages (npm ci) …');
    // Engine warnings of two packages that do run on Node 20.19 would only frighten: errors alone are shown.
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'];
    const npm = process.env.npm_execpath;
    const viaNode = npm !== undefined && /npm-cli\.[cm]?js$/.test(npm);
    await mustRun('installing packages', viaNode ? process.execPath : 'npm', viaNode ? [npm, ...args] : args);
    writeFileSync(stamp, print);
    return true;
  }
  writeFileSync(stamp, print);
  return false;
}

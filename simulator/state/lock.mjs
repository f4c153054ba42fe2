// @ts-check
/**
 * One writer at a time among commands that may run at once.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

/** Longest wait for another command; each holds the lock for a few writes. */
const WAIT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 2;

/**
 * @template Result
 * @param {string} path of the lock file
 * @param {() => Result} action
 * @returns {Result}
 * @throws {Error} naming who holds the lock when it stays taken
 */
export function withLock(path, action) {
  const deadline = performance.now() + WAIT_MILLISECONDS;
  while (!take(path)) {
    const holder = holderOf(path);
    if (holder !== undefined && !isAlive(holder)) {
      rmSync(path, { force: true });
      continue;
    }
    if (performance.now() > deadline) {
      throw new Error(`${path} has been held by process ${holder ?? 'unknown'} for ${WAIT_MILLISECONDS / 1000} s`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MILLISECONDS);
  }
  try {
    return action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function take(path) {
  try {
    const file = openSync(path, 'wx', 0o644);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {number | undefined} undefined while it is being written or already gone
 */
function holderOf(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

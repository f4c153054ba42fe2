/** One build at a time in one checkout: two makes in the same out/ would overwrite each other's files. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../layout.mjs';

const path = inRoot('out', 'build.lock');

/** @returns {number | undefined} pid of the living holder */
function holder() {
  let pid;
  try {
    pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch {
    return undefined;
  }
  // Created but not yet written: somebody is just taking it.
  if (Number.isNaN(pid)) return 0;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM' ? pid : undefined;
  }
}

/**
 * Does some work while holding the lock. Waits for another living builder, and says so once.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withBuildLock(work) {
  mkdirSync(inRoot('out'), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const pid = holder();
    if (pid === undefined) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) console.log(`another build is running here (pid ${pid}), waiting for it`);
    told = true;
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

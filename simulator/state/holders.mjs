// @ts-check
/**
 * Who holds a device node of a node open, from this machine's real /proc. By thread: of a process whose first thread
 * has ended, only `task/<tid>/fd` still shows what a thread asleep in the kernel keeps open.
 */
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} node e.g. `nvidia0`
 */

/**
 * @param {string} devDirectory
 * @returns {Holder[]} one for each process and node; processes that this user may not look into are left out
 */
export function deviceHolders(devDirectory) {
  const prefix = `${realpathSync(devDirectory)}/`;
  /** @type {Map<string, Holder>} */
  const holders = new Map();
  for (const pid of numbersIn('/proc')) {
    for (const tid of numbersIn(`/proc/${pid}/task`)) {
      const folder = `/proc/${pid}/task/${tid}/fd`;
      for (const fd of numbersIn(folder)) {
        const target = linkAt(join(folder, String(fd)));
        if (target?.startsWith(`${prefix}nvidia`) !== true) continue;
        const node = target.slice(prefix.length).replace(/ \(deleted\)$/, '');
        holders.set(`${pid} ${node}`, { pid, node });
      }
    }
  }
  return [...holders.values()];
}

/** @param {string} folder */
function numbersIn(folder) {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // The process ended meanwhile, or belongs to somebody else.
  }
}

/** @param {string} path */
function linkAt(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

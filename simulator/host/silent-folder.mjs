// @ts-check
/**
 * A folder that does not answer: whoever lists it sleeps until he is killed or `dispose()` is called, as in a mount
 * whose server is gone. It is a FUSE mount that nobody serves. (It shows D, but SIGKILL ends it: for a sleep that
 * nothing ends see frozen-filesystem.mjs.)
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

const COMMAND_DEADLINE_MS = 20_000;

/** Holds the connection open: mounts, says so, and unmounts at the end of its standard input. */
const SERVER =
  'exec 3<>/dev/fuse && mount -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 silent "$1" && echo mounted && ' +
  'cat >/dev/null; umount --lazy "$1" 2>/dev/null; exit 0';

/**
 * Why this machine cannot make a silent folder.
 * @returns {string | undefined} a sentence, or undefined when nothing stands in the way
 */
export function silentFolderObstacle() {
  if (process.getuid?.() !== 0) return 'a silent folder needs root (mount)';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return 'a silent folder needs /dev/fuse';
  }
  return undefined;
}

/**
 * Makes an existing folder silent. What lies in it is hidden meanwhile.
 * @param {string} folder
 * @returns {Promise<{ dispose: () => void }>} `dispose` lets everybody go with an error; twice is harmless
 */
export async function silenceFolder(folder) {
  const obstacle = silentFolderObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const server = spawn('sh', ['-c', SERVER, 'sh', folder], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let said = '';
  server.stderr.on('data', (text) => {
    said += text;
  });
  await new Promise((resolve, reject) => {
    server.stdout.once('data', resolve);
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`${folder} could not be silenced (${code}): ${said.trim()}`)));
  });
  const dispose = () => {
    process.off('exit', dispose);
    if (server.exitCode !== null || server.signalCode !== null) return;
    // Unmounted first: when the connection closes, nobody finds the folder still in the way.
    spawnSync('umount', ['--lazy', folder], { timeout: COMMAND_DEADLINE_MS });
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
  };
  process.on('exit', dispose);
  server.unref();
  for (const stream of [server.stdin, server.stdout, server.stderr]) {
    /** @type {import('node:net').Socket} */ (/** @type {unknown} */ (stream)).unref();
  }
  return { dispose };
}

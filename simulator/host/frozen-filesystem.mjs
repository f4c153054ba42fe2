// @ts-check
/**
 * A place where a writer sleeps in uninterruptible sleep (state D) until it is let go: a small ext4 image, mounted
 * from a loop device and frozen with FIFREEZE. A writer waits in percpu_rwsem_wait, where no signal reaches it, just
 * like a thread that waits for a GPU driver. (A FUSE or NFS wait will not do: it shows S, or dies of SIGKILL.)
 *
 * A frozen file system that is forgotten hangs sync(1) and shutdown of the whole machine. So three things thaw it:
 * `dispose()`, the exit of this process, and a guard process that notices when this process died without exiting.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const IMAGE_BYTES = 16 * 1024 * 1024;
/** Freezing flushes at most the image; a command that takes longer than this will not come back. */
const COMMAND_DEADLINE_MS = 20_000;
const TOOLS = ['mkfs.ext4', 'mount', 'umount', 'fsfreeze'];

/** Runs in its own process group: waits for the end of its standard input, which the death of its parent brings. */
const GUARD = 'cat >/dev/null; fsfreeze --unfreeze "$1" 2>/dev/null; umount --lazy "$1" 2>/dev/null; exit 0';

/**
 * @typedef {object} FrozenFilesystem
 * @property {(name: string) => string} path absolute path of a file inside
 * @property {() => void} freeze from now on every write inside sleeps in D; twice is harmless
 * @property {() => void} thaw wakes all writers; harmless when not frozen
 * @property {() => void} dispose thaws, unmounts and removes image and mount point; twice is harmless
 */

/**
 * Why this machine cannot make a frozen file system.
 * @returns {string | undefined} a sentence, or undefined when nothing stands in the way
 */
export function frozenFilesystemObstacle() {
  if (process.getuid?.() !== 0) return 'a frozen file system needs root (mount, FIFREEZE)';
  for (const tool of TOOLS) {
    if (spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status !== 0) {
      return `a frozen file system needs the program ${tool} on PATH`;
    }
  }
  try {
    accessSync('/dev/loop-control', constants.R_OK | constants.W_OK);
  } catch {
    return 'a frozen file system needs loop devices (/dev/loop-control)';
  }
  return undefined;
}

/**
 * Makes and mounts the file system, not yet frozen.
 * @param {string} directory an existing directory; `frozen.img` and `frozen` are made in it
 * @returns {FrozenFilesystem}
 * @throws {Error} saying what is missing, or which command failed and what it said
 */
export function createFrozenFilesystem(directory) {
  const obstacle = frozenFilesystemObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const image = join(directory, 'frozen.img');
  const mountPoint = join(directory, 'frozen');
  mkdirSync(mountPoint);
  writeFileSync(image, '', { flag: 'wx' });
  truncateSync(image, IMAGE_BYTES);
  let mounted = false;
  let frozen = false;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let guard;

  const thaw = () => {
    if (!frozen) return;
    run('fsfreeze', ['--unfreeze', mountPoint]);
    frozen = false;
  };
  const dispose = () => {
    process.off('exit', dispose);
    thaw();
    if (mounted) {
      // Lazily: a writer that was woken a moment ago may still hold its file open.
      run('umount', ['--lazy', mountPoint]);
      mounted = false;
    }
    stopGuard(guard);
    guard = undefined;
    rmSync(mountPoint, { recursive: true, force: true });
    rmSync(image, { force: true });
  };

  try {
    run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
    run('mount', ['-o', 'loop,noatime', image, mountPoint]);
    mounted = true;
    guard = startGuard(mountPoint);
    process.on('exit', dispose);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    path: (name) => join(mountPoint, name),
    freeze: () => {
      if (frozen) return;
      run('fsfreeze', ['--freeze', mountPoint]);
      frozen = true;
    },
    thaw,
    dispose,
  };
}

/**
 * @param {string} mountPoint
 */
function startGuard(mountPoint) {
  const guard = spawn('sh', ['-c', GUARD, 'sh', mountPoint], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  // A pipe to a child is a socket and would keep this process alive.
  /** @type {import('node:net').Socket} */ (guard.stdin).unref();
  return guard;
}

/**
 * Ends the guard without letting it act: by now another file system may be mounted in the same place.
 * @param {import('node:child_process').ChildProcess | undefined} guard
 */
function stopGuard(guard) {
  if (guard?.pid === undefined || guard.exitCode !== null || guard.signalCode !== null) return;
  try {
    process.kill(-guard.pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: COMMAND_DEADLINE_MS });
  if (result.error !== undefined) throw new Error(`${command}: ${result.error.message}`);
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status}: ${result.stderr.trim()}`);
  }
}

// @ts-check
/**
 * What a container can do to its own usage file, one kind per name. Every kind needs no more than the rights HAMi
 * gives the container: its directory is mode 0777 and mounted read-write.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { patchUsageFile, readLayout, writeUsageFile } from './hami-file.mjs';

/** A UUID of no GPU of any scenario. */
const FOREIGN_UUID = 'GPU-51000000-dead-4bad-8bad-f00dfacade00';

/**
 * The kinds of damage, each a function of the file's path.
 * @type {Readonly<Record<string, (path: string) => void>>}
 */
export const USAGE_DAMAGES = {
  /** Cut to half, as by truncate(2): a mapping reader dies of SIGBUS. */
  truncated: (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  /** Cut to nothing. */
  empty: (path) => truncateSync(path, 0),
  /** A link where the file was; its target is a good file, so only the link itself gives it away. */
  symlink: (path) => {
    const target = keptBeside(path);
    renameSync(path, target);
    symlinkSync(target, path);
  },
  /** A second name for the same file. */
  hardlink: (path) => linkSync(path, keptBeside(path)),
  /** Opening a FIFO without O_NONBLOCK waits for a writer that never comes. */
  fifo: (path) => {
    rmSync(path);
    execFileSync('mkfifo', ['-m', '666', path]);
  },
  /** A directory with the name of the file. */
  directory: (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  'wrong-magic': (path) => patchUsageFile(path, { magic: 0x0bad_f00d }),
  /** A size and version no release wrote: one byte more than complete. */
  'odd-size': (path) => truncateSync(path, statSync(path).size + 1),
  /** Totals and parts near 2^64, as after a free on the wrong device. */
  'wrapped-counters': (path) => overwriteFirstSlotMemory(path, 2n ** 64n - 4_194_304n),
  /** More than any card has, but not wrapped. */
  'implausible-counters': (path) => overwriteFirstSlotMemory(path, 1_125_899_906_854_969n),
  'device-count-huge': (path) => patchUsageFile(path, { deviceCount: 4_000_000_000 }),
  'process-count-negative': (path) => patchUsageFile(path, { processCount: -1 }),
  'process-count-huge': (path) => patchUsageFile(path, { processCount: 2_147_483_647 }),
  /** The value that makes the original monitor ask for 16 GiB. */
  'priority-huge': (path) => patchUsageFile(path, { priority: 2_147_483_647 }),
  /** The original monitor refuses a directory with two; the lexically first name is the one it would have taken. */
  'second-cache': (path) => copyFileSync(path, join(dirname(path), `0-${basename(path)}`)),
  'foreign-uuid': (path) => overwriteFirstUuid(path, Buffer.from(FOREIGN_UUID, 'latin1')),
  /** Bytes that are no UTF-8, a newline and a quote: they must reach no label and no log line. */
  'hostile-uuid': (path) => overwriteFirstUuid(path, Buffer.from('GPU-\xff\xfe\n"} evil 1\\', 'latin1')),
  /** A writer killed in the middle leaves the sequence odd for good. */
  'odd-seqlock': (path) => {
    const layout = readLayout(path);
    if (layout.slot.seqlock === undefined) throw new RangeError(`layout ${layout.name} has no seqlock`);
    overwrite(path, layout.slots + layout.slot.seqlock, unsigned64(7n));
  },
  /** Left by HAMi 2.8.1: says 1.1 and is laid out differently. */
  shifted: (path) => {
    const layout = readLayout(path);
    if (layout.name === '1.1-shifted') return;
    rmSync(path);
    writeUsageFile(path, '1.1-shifted', {
      devices: [{ uuid: FOREIGN_UUID.replace('dead', '0281'), limitBytes: 2_281_701_376, smLimitPercent: 28 }],
      processes: [
        {
          pid: 28,
          hostPid: 28_128,
          seqlock: 2,
          devices: [{ contextBytes: 281_018_368, dataBytes: 1_281_359_872 }],
        },
      ],
    });
  },
  /** Readable by its owner only. */
  unreadable: (path) => chmodSync(path, 0o000),
};

/**
 * Damages a complete usage file.
 * @param {string} path
 * @param {string} kind a key of {@link USAGE_DAMAGES}
 * @throws {RangeError} for an unknown kind
 */
export function damageUsageFile(path, kind) {
  const damage = Object.hasOwn(USAGE_DAMAGES, kind) ? USAGE_DAMAGES[kind] : undefined;
  if (damage === undefined) {
    throw new RangeError(`damage "${kind}" is unknown, expected one of ${Object.keys(USAGE_DAMAGES).join(', ')}`);
  }
  damage(path);
}

/**
 * A name in the same directory that no monitor takes for a usage file.
 * @param {string} path
 */
function keptBeside(path) {
  return join(dirname(path), `.${basename(path)}.kept`);
}

/**
 * @param {string} path
 * @param {bigint} bytes
 */
function overwriteFirstSlotMemory(path, bytes) {
  const layout = readLayout(path);
  const at = layout.slots + layout.slot.used;
  overwrite(path, at + 16, unsigned64(bytes));
  overwrite(path, at + 32, unsigned64(bytes));
}

/**
 * @param {string} path
 * @param {Buffer} text
 */
function overwriteFirstUuid(path, text) {
  const field = Buffer.alloc(96);
  text.copy(field);
  overwrite(path, readLayout(path).uuids, field);
}

/**
 * @param {string} path
 * @param {number} offset
 * @param {Buffer} bytes
 */
function overwrite(path, offset, bytes) {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(fd);
  }
}

/** @param {bigint} value */
function unsigned64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

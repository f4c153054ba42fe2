// @ts-check
/**
 * The state file: made by the tool, appended to by the tool, mapped read-only by the libraries.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { decodeEntry, ENTRY_BYTES, encodeEntry } from './entries.mjs';
import { withLock } from './lock.mjs';

/** @typedef {import('./entries.mjs').EntryDraft} EntryDraft */
/** @typedef {import('./entries.mjs').Entry} Entry */

/**
 * @typedef {object} Header
 * @property {bigint} seed
 * @property {bigint} createdMonotonicNanoseconds
 * @property {number} gpus
 * @property {number} scenarioEntries
 * @property {number} entries published
 */

/** @typedef {{ shownMonotonicNanoseconds: bigint, realMonotonicNanoseconds: bigint }} EntryTime */

const MAGIC = 'GNSSTAT1';
const ENTRIES_OFFSET = 4096;
const LENGTH_OFFSET = 40;
/** The file is sparse: room costs nothing until it is used. */
const CAPACITY = 65_536;

/**
 * Makes a state file whose first entries are the compiled scenario.
 * @param {string} path must not exist
 * @param {{ seed: number, gpus: number, drafts: readonly EntryDraft[], time: EntryTime }} content
 */
export function createJournal(path, { seed, gpus, drafts, time }) {
  const file = openSync(path, 'wx+', 0o644);
  try {
    ftruncateSync(file, ENTRIES_OFFSET + CAPACITY * ENTRY_BYTES);
    const header = Buffer.alloc(LENGTH_OFFSET + 8);
    header.write(MAGIC, 0, 'latin1');
    header.writeUInt32LE(ENTRY_BYTES, 8);
    header.writeUInt32LE(CAPACITY, 12);
    header.writeBigUInt64LE(BigInt(seed), 16);
    header.writeBigInt64LE(time.shownMonotonicNanoseconds, 24);
    header.writeUInt32LE(gpus, 32);
    header.writeUInt32LE(drafts.length, 36);
    writeSync(file, header, 0, header.length, 0);
    publish(file, drafts, time, 0);
  } finally {
    closeSync(file);
  }
}

/**
 * Appends entries; a library sees all of them or none.
 * @param {string} path
 * @param {readonly EntryDraft[]} drafts
 * @param {EntryTime} time
 * @returns {number} id of the first one
 */
export function appendEntries(path, drafts, time) {
  return withLock(`${path}.lock`, () => {
    const file = openSync(path, 'r+');
    try {
      const { entries } = readHeader(file, path);
      publish(file, drafts, time, entries);
      return entries + 1;
    } finally {
      closeSync(file);
    }
  });
}

/**
 * @param {string} path
 * @param {Entry[]} [known] what was read of this journal before; the entries since then are added to it
 * @returns {{ header: Header, entries: Entry[] }}
 */
export function readJournal(path, known = []) {
  const file = openSync(path, 'r');
  try {
    const header = readHeader(file, path);
    const bytes = Buffer.alloc((header.entries - known.length) * ENTRY_BYTES);
    readSync(file, bytes, 0, bytes.length, ENTRIES_OFFSET + known.length * ENTRY_BYTES);
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      known.push(decodeEntry(bytes.subarray(at, at + ENTRY_BYTES)));
    }
    return { header, entries: known };
  } finally {
    closeSync(file);
  }
}

/**
 * @param {string} path
 * @returns {Header}
 */
export function readJournalHeader(path) {
  const file = openSync(path, 'r');
  try {
    return readHeader(file, path);
  } finally {
    closeSync(file);
  }
}

/**
 * @param {number} file
 * @param {string} path
 * @returns {Header}
 * @throws {Error} when it is no state file
 */
function readHeader(file, path) {
  const header = Buffer.alloc(LENGTH_OFFSET + 8);
  const got = fstatSync(file).size >= ENTRIES_OFFSET ? readSync(file, header, 0, header.length, 0) : 0;
  const magic = header.toString('latin1', 0, MAGIC.length);
  if (got < header.length || magic !== MAGIC || header.readUInt32LE(8) !== ENTRY_BYTES) {
    throw new Error(`${path} is no state file of this version of the simulator; make the node anew with "create"`);
  }
  return {
    seed: header.readBigUInt64LE(16),
    createdMonotonicNanoseconds: header.readBigInt64LE(24),
    gpus: header.readUInt32LE(32),
    scenarioEntries: header.readUInt32LE(36),
    entries: Number(header.readBigUInt64LE(LENGTH_OFFSET)),
  };
}

/**
 * @param {number} file
 * @param {readonly EntryDraft[]} drafts
 * @param {EntryTime} time
 * @param {number} before entries that are there
 */
function publish(file, drafts, time, before) {
  if (before + drafts.length > CAPACITY) {
    throw new RangeError(`the journal is full: ${CAPACITY} entries fit; make the node anew with "create"`);
  }
  const bytes = Buffer.concat(drafts.map((draft, index) => encodeEntry(draft, { id: before + index + 1, ...time })));
  writeSync(file, bytes, 0, bytes.length, ENTRIES_OFFSET + before * ENTRY_BYTES);
  // Last, so that whoever sees the new length finds the entries there.
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(before + drafts.length));
  writeSync(file, length, 0, 8, LENGTH_OFFSET);
}

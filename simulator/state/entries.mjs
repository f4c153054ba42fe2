// @ts-check
/**
 * Entries of the journal as they lie in the state file; the format is described in `nvml/journal.h`.
 */

/** What an entry does; `numbers` mean what `nvml/journal.h` says. */
export const EntryKind = Object.freeze({
  setValue: 1,
  setLoad: 2,
  startProcess: 3,
  endProcess: 4,
  createMigInstance: 5,
  destroyMigInstance: 6,
  fault: 7,
  clear: 8,
  loseGpu: 9,
  event: 10,
  unloadDriver: 11,
  loadDriver: 12,
  bindGpu: 13,
  offerMigProfile: 14,
  callLatency: 15,
  recordedAnswer: 16,
  recordedFields: 17,
  recordedMetrics: 18,
});

/**
 * An entry before it has a place and a time.
 * @typedef {object} EntryDraft
 * @property {number} kind one of EntryKind
 * @property {number} [gpu] index; absent = all GPUs, or the node
 * @property {number} [pid] absent = all
 * @property {readonly (number | bigint)[]} [numbers] at most 24; negative ones are stored as two's complement
 * @property {string} [name] at most 63 bytes
 * @property {string} [text] at most 287 bytes
 * @property {Uint8Array} [bytes] in place of a text
 */

/**
 * @typedef {object} Entry
 * @property {number} kind
 * @property {number} id from 1
 * @property {bigint} shownMonotonicNanoseconds
 * @property {bigint} realMonotonicNanoseconds
 * @property {number} gpu -1 = all GPUs, or the node
 * @property {number} pid -1 = all
 * @property {readonly bigint[]} numbers
 * @property {string} name
 * @property {string} text
 */

export const ENTRY_BYTES = 576;
const NUMBERS = 24;
const NAME = { offset: 224, bytes: 64 };
const TEXT = { offset: 288, bytes: 288 };

/**
 * @param {EntryDraft} draft
 * @param {{ id: number, shownMonotonicNanoseconds: bigint, realMonotonicNanoseconds: bigint }} place
 * @returns {Buffer}
 * @throws {RangeError} when a text or the numbers do not fit
 */
export function encodeEntry(draft, place) {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  bytes.writeUInt32LE(draft.kind, 0);
  bytes.writeUInt32LE(place.id, 4);
  bytes.writeBigInt64LE(place.shownMonotonicNanoseconds, 8);
  bytes.writeBigInt64LE(place.realMonotonicNanoseconds, 16);
  bytes.writeInt32LE(draft.gpu ?? -1, 24);
  bytes.writeInt32LE(draft.pid ?? -1, 28);
  const numbers = draft.numbers ?? [];
  if (numbers.length > NUMBERS) throw new RangeError(`an entry has ${numbers.length} numbers, at most ${NUMBERS} fit`);
  for (const [index, value] of numbers.entries()) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 32 + 8 * index);
  }
  writeText(bytes, NAME, draft.name ?? '');
  writeText(bytes, TEXT, draft.text ?? '');
  if (draft.bytes !== undefined) bytes.set(draft.bytes, TEXT.offset);
  return bytes;
}

/**
 * @param {Buffer} bytes of one entry
 * @returns {Entry}
 */
export function decodeEntry(bytes) {
  return {
    kind: bytes.readUInt32LE(0),
    id: bytes.readUInt32LE(4),
    shownMonotonicNanoseconds: bytes.readBigInt64LE(8),
    realMonotonicNanoseconds: bytes.readBigInt64LE(16),
    gpu: bytes.readInt32LE(24),
    pid: bytes.readInt32LE(28),
    numbers: Array.from({ length: NUMBERS }, (_, index) => bytes.readBigUInt64LE(32 + 8 * index)),
    name: readText(bytes, NAME),
    text: readText(bytes, TEXT),
  };
}

/**
 * @param {Buffer} bytes
 * @param {{ offset: number, bytes: number }} field
 * @param {string} text
 */
function writeText(bytes, field, text) {
  const encoded = Buffer.from(text, 'utf8');
  if (encoded.length >= field.bytes) {
    throw new RangeError(`"${text}" has ${encoded.length} bytes, at most ${field.bytes - 1} fit`);
  }
  encoded.copy(bytes, field.offset);
}

/**
 * @param {Buffer} bytes
 * @param {{ offset: number, bytes: number }} field
 */
function readText(bytes, field) {
  const text = bytes.subarray(field.offset, field.offset + field.bytes);
  return text.subarray(0, text.indexOf(0)).toString('utf8');
}

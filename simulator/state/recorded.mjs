// @ts-check
/**
 * Answers of a real host that a scenario keeps as they were: the section `recorded` of a scenario, and the entries it
 * becomes.
 */
import { EntryKind } from './entries.mjs';

/**
 * @typedef {object} RecordedAnswer
 * @property {string} function
 * @property {number} [gpu] absent = of the node
 * @property {number} [mig] number among the GPU's MIG devices
 * @property {number} [gpuInstance] id
 * @property {readonly number[]} [arguments]
 * @property {number} code
 * @property {readonly string[]} [bytes] hexadecimal, one for each pointer that is filled
 */

/**
 * @typedef {object} RecordedFields
 * @property {number} gpu
 * @property {number} scope
 * @property {Readonly<Record<string, readonly [type: number, bits: string]>>} [values] by field
 * @property {Readonly<Record<string, readonly number[]>>} [refused] fields by code
 */

/**
 * @typedef {object} RecordedMetrics
 * @property {number} gpu
 * @property {number} [gpuInstance] id
 * @property {Readonly<Record<string, number>>} values by metric
 * @property {Readonly<Record<string, readonly number[]>>} refused metrics by code
 */

/**
 * @typedef {object} RecordedSection
 * @property {readonly RecordedAnswer[]} [answers]
 * @property {readonly RecordedFields[]} [fields]
 * @property {readonly RecordedMetrics[]} [metrics]
 */

/** @typedef {import('./entries.mjs').EntryDraft} EntryDraft */

const NUMBERS_PER_ENTRY = 7;
const MOST_ARGUMENTS = 4;
const MOST_FILLED = 4;
const MOST_BYTES = 287;

/**
 * @param {RecordedSection} section
 * @returns {EntryDraft[]}
 */
export function recordedDrafts({ answers = [], fields = [], metrics = [] }) {
  return [
    ...answers.map(answerDraft),
    ...fields.flatMap(({ gpu, scope, values = {}, refused = {} }) =>
      numberDrafts(EntryKind.recordedFields, gpu, scope, [
        ...Object.entries(values).map(([id, [type, bits]]) => [BigInt(id), BigInt(type) << 32n, BigInt(bits)]),
        ...refusedNumbers(refused),
      ]),
    ),
    ...metrics.flatMap(({ gpu, gpuInstance, values, refused }) =>
      numberDrafts(EntryKind.recordedMetrics, gpu, gpuInstance === undefined ? 0 : gpuInstance + 1, [
        ...Object.entries(values).map(([id, value]) => [BigInt(id), 0n, doubleBits(value)]),
        ...refusedNumbers(refused),
      ]),
    ),
  ];
}

/**
 * @param {RecordedAnswer} answer
 * @returns {EntryDraft}
 */
function answerDraft({ function: name, gpu, mig, gpuInstance, arguments: args = [], code, bytes = [] }) {
  const filled = bytes.map((text) => Buffer.from(text, 'hex'));
  const length = filled.reduce((sum, one) => sum + one.length, 0);
  if (args.length > MOST_ARGUMENTS || filled.length > MOST_FILLED || length > MOST_BYTES) {
    throw new RangeError(`${name}: a recorded answer has at most ${MOST_ARGUMENTS} arguments and ${MOST_BYTES} bytes`);
  }
  const padded = (/** @type {readonly number[]} */ numbers) => [...numbers, 0, 0, 0, 0].slice(0, 4);
  return {
    kind: EntryKind.recordedAnswer,
    ...(gpu === undefined ? {} : { gpu }),
    numbers: [
      mig === undefined ? 0 : mig + 1,
      gpuInstance === undefined ? 0 : gpuInstance + 1,
      code,
      args.length,
      ...padded(args),
      filled.length,
      ...padded(filled.map((one) => one.length)),
    ],
    name,
    bytes: Buffer.concat(filled),
  };
}

/** @param {Readonly<Record<string, readonly number[]>>} refused */
function refusedNumbers(refused) {
  return Object.entries(refused).flatMap(([code, ids]) => ids.map((id) => [BigInt(id), BigInt(code), 0n]));
}

/**
 * @param {number} kind
 * @param {number} gpu
 * @param {number} first number of each entry
 * @param {readonly (readonly bigint[])[]} triples
 * @returns {EntryDraft[]}
 */
function numberDrafts(kind, gpu, first, triples) {
  const drafts = [];
  for (let at = 0; at < triples.length; at += NUMBERS_PER_ENTRY) {
    const some = triples.slice(at, at + NUMBERS_PER_ENTRY);
    drafts.push({ kind, gpu, numbers: [first, some.length, ...some.flat()] });
  }
  return drafts;
}

/** @param {number} value */
function doubleBits(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}

// @ts-check
/**
 * What the records of a capture must be like before anything is made of them: a capture comes from somebody else's host.
 */

import { dirname, isAbsolute, join, normalize } from 'node:path';
import { textOf } from './terminated-text.mjs';

/**
 * @typedef {object} Form
 * @property {string} expected ends the words "expected …"
 * @property {(value: unknown) => boolean} fits
 */

const LARGEST_INDEX = 255;
const LARGEST_CODE = 0xffff_ffff;

/** @type {(least: number, most: number) => Form} */
const wholeNumber = (least, most) => ({
  expected: `a whole number from ${least} to ${most}`,
  fits: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
});
/** @type {(pattern: RegExp, expected: string) => Form} */
const textLike = (pattern, expected) => ({
  expected,
  fits: (value) => typeof value === 'string' && pattern.test(value),
});
/** @type {(form: Form) => Form} */
const listOf = ({ expected, fits }) => ({
  expected: `a list, each ${expected}`,
  fits: (value) => Array.isArray(value) && value.every(fits),
});
/** @type {(...forms: Form[]) => Form} */
const row = (...forms) => ({
  expected: forms.map(({ expected }) => expected).join(', then '),
  fits: (value) => Array.isArray(value) && forms.every(({ fits }, at) => fits(value[at])),
});
/** @type {(form: Form) => Form} */
const maybe = ({ expected, fits }) => ({
  expected: `nothing or ${expected}`,
  fits: (value) => value === undefined || fits(value),
});

const functionName = textLike(/^nvml\w{1,100}$/, 'the name of a function, nvml…');
const index = wholeNumber(0, LARGEST_INDEX);
const code = wholeNumber(0, LARGEST_CODE);
const id = wholeNumber(0, 0xffff);
const hex = textLike(/^(?:[0-9a-f]{2})*$/i, 'hexadecimal digits, two for a byte');
const word = textLike(/^[0-9a-f]{16}$/i, 'sixteen hexadecimal digits');
const anyText = textLike(/^/, 'a text');
const argument = wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const size = wholeNumber(0, 1 << 20);
const duration = wholeNumber(0, Number.MAX_SAFE_INTEGER);
/** The shortest and the median. */
const nanoseconds = maybe(row(duration, duration));
/** @type {Form} */
const relativePath = {
  expected: 'a path that stays inside its tree',
  fits: (value) => typeof value === 'string' && value !== '' && staysInside(value),
};
/** @type {Form} */
const idsByCode = {
  expected: 'lists of ids by return code',
  fits: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([key, ids]) => code.fits(Number(key)) && listOf(id).fits(ids)),
};

const call = { function: functionName, gpu: maybe(index), mig: maybe(index), code, nanoseconds };
const list = { ...call, gpu: index, count: maybe(size), entry_bytes: maybe(size), bytes: maybe(listOf(hex)) };
/** Kinds of records that are lists of entries. */
const LISTS = new Set(['processes', 'process_utilization', 'samples']);

/**
 * Members of each record that is read; others are passed over.
 * @type {Readonly<Record<string, Readonly<Record<string, Form>>>>}
 */
const RECORDS = {
  library: {
    // It becomes part of a file's name.
    version: maybe(textLike(/^[\w.]{0,40}$/, 'a version such as 580.65.06')),
    symbols: maybe(listOf(functionName)),
  },
  answer: {
    ...call,
    gpu_instance: maybe(wholeNumber(0, LARGEST_CODE)),
    arguments: maybe(listOf(argument)),
    bytes: maybe(listOf(hex)),
  },
  processes: list,
  process_utilization: list,
  samples: { ...list, arguments: listOf(argument), value_type: maybe(code) },
  fields: { gpu: index, code, scope: code, values: maybe(listOf(row(id, code, word))), refused: maybe(idsByCode) },
  activity: {
    gpu: index,
    gpu_instance: maybe(wholeNumber(0, LARGEST_CODE)),
    code,
    metrics: maybe(listOf(row(id, code, maybe(word)))),
  },
  system: {
    host_name: maybe(textLike(/^[\w.-]{1,253}$/, 'a host name')),
    release: maybe(textLike(/^[\w.+~-]{0,100}$/, 'a kernel release')),
  },
  file: {
    root: textLike(/^(?:sysfs|procfs|dev|hami)$/, 'sysfs, procfs, dev or hami'),
    path: relativePath,
    text: maybe(anyText),
    link: maybe(anyText),
  },
  end: {},
};

/**
 * What is wrong with a record: the member, what was expected and what came. Undefined = nothing.
 * @param {any} record
 * @returns {string | undefined}
 */
export function problemOf(record) {
  if (typeof record !== 'object' || record === null || typeof record.record !== 'string') {
    return `expected an object with its kind in "record", got ${shortened(record)}`;
  }
  const forms = Object.hasOwn(RECORDS, record.record) ? RECORDS[record.record] : undefined;
  for (const [member, { expected, fits }] of Object.entries(forms ?? {})) {
    if (fits(record[member])) continue;
    return `${record.record}.${member}: expected ${expected}, got ${shortened(record[member])}`;
  }
  if (LISTS.has(record.record)) return problemOfEntries(record);
  if (record.record === 'file') return problemOfLink(record);
  return record.record === 'answer' ? problemOfDriverVersion(record) : undefined;
}

/**
 * A list has as many bytes as its entries need.
 * @param {any} record
 */
function problemOfEntries({ record, code: answered, count = 0, entry_bytes: entryBytes = 0, bytes }) {
  if (answered !== 0) return undefined;
  const given = (bytes?.[0] ?? '').length / 2;
  if (given === count * entryBytes) return undefined;
  return `${record}.bytes: expected ${count} entries of ${entryBytes} bytes, got ${given} bytes in all`;
}

/**
 * A link leads to a place inside its tree, as far as its words tell.
 * @param {any} record
 */
function problemOfLink({ path, link }) {
  if (link === undefined || (!isAbsolute(link) && staysInside(join(dirname(path), link)))) return undefined;
  return `file.link: expected a relative link inside its tree, got ${shortened(link)}`;
}

/**
 * It becomes part of a file's name.
 * @param {any} record
 */
function problemOfDriverVersion({ function: name, code: answered, bytes = [] }) {
  if (name !== 'nvmlSystemGetDriverVersion' || answered !== 0) return undefined;
  const said = textOf(Buffer.from(bytes[0] ?? '', 'hex'));
  if (/^[\w.]{1,40}$/.test(said)) return undefined;
  return `answer.bytes: expected a driver version such as 580.65.06, got ${shortened(said)}`;
}

/** @param {string} path */
function staysInside(path) {
  const plain = normalize(path);
  return !isAbsolute(plain) && plain !== '..' && !plain.startsWith('../') && !plain.includes('\0');
}

/** @param {unknown} value */
function shortened(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

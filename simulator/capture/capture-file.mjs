// @ts-check
/**
 * Reads a capture of a host, as docs/captures.md describes it.
 */
import { readFileSync, statSync } from 'node:fs';
import { problemOf } from './records.mjs';

/**
 * What one call answered.
 * @typedef {object} Answer
 * @property {string} function
 * @property {number} [gpu]
 * @property {number} [mig]
 * @property {number} [gpuInstance]
 * @property {readonly number[]} arguments
 * @property {number} code
 * @property {readonly Buffer[]} filled
 */

/**
 * @typedef {object} ProcessList
 * @property {string} function
 * @property {number} gpu
 * @property {number} [mig]
 * @property {number} code
 * @property {number} count
 * @property {number} entryBytes
 * @property {Buffer} bytes
 */

/**
 * @typedef {object} FieldAnswers
 * @property {number} gpu
 * @property {number} scope
 * @property {ReadonlyMap<number, { type: number, bits: bigint }>} values
 * @property {ReadonlyMap<number, number>} refused code by id
 */

/**
 * @typedef {object} ActivityAnswers
 * @property {number} gpu
 * @property {number} [gpuInstance]
 * @property {ReadonlyMap<number, number>} values
 * @property {ReadonlyMap<number, number>} refused code by id
 */

/** @typedef {{ root: string, path: string, text?: string, link?: string }} HostFile */

/**
 * @typedef {object} Capture
 * @property {boolean} complete
 * @property {string} libraryVersion empty when its file's name has none
 * @property {readonly string[]} symbols
 * @property {readonly Answer[]} answers
 * @property {readonly ProcessList[]} processes
 * @property {readonly ProcessList[]} processUtilization
 * @property {readonly { function: string, gpu: number, arguments: readonly number[], code: number }[]} samples
 * @property {readonly FieldAnswers[]} fields
 * @property {readonly ActivityAnswers[]} activity
 * @property {readonly HostFile[]} files
 * @property {{ hostName: string, release: string }} system
 * @property {ReadonlyMap<string, readonly number[]>} durations nanoseconds of a call, by function
 */

const FORMAT = 'gpu-node-capture/1';
/** A capture of 16 GPUs with everything has some 20 MiB. */
const MOST_BYTES = 256 * 2 ** 20;
/** What to do about a line that no capture has. */
const REMEDY = 'Correct the line as docs/captures.md describes it, or record the host again.';

/**
 * @param {string} path
 * @returns {Capture}
 * @throws {Error} when it is no capture of a form that is known, with the line, what was expected there, what came, and
 *   what to do
 */
export function readCapture(path) {
  const { size } = statSync(path);
  if (size > MOST_BYTES) {
    throw new Error(
      `${path}: expected a capture of at most ${MOST_BYTES} bytes, got ${size}. Name the file that "gpu-node-agent capture" wrote.`,
    );
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  /** @type {any[]} */
  const records = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const where = `${path}:${index + 1}`;
    let record;
    try {
      record = JSON.parse(line);
    } catch {
      // A capture that was cut off ends in the middle of a line.
      if (index < lines.length - 1) throw new Error(`${where}: expected an object in JSON. ${REMEDY}`);
      continue;
    }
    records.push(record);
    if (records.length === 1) checkForm(record, path);
    const wrong = problemOf(record);
    if (wrong !== undefined) throw new Error(`${where}: ${wrong}. ${REMEDY}`);
  }
  if (records.length === 0) checkForm(undefined, path);
  const of = (/** @type {string} */ kind) => records.filter(({ record }) => record === kind);
  const library = of('library')[0];
  const system = of('system')[0];
  return {
    complete: of('end')[0]?.complete === true,
    libraryVersion: library?.version ?? '',
    symbols: library?.symbols ?? [],
    answers: of('answer').map(answerOf),
    processes: of('processes').map(listOf),
    processUtilization: of('process_utilization').map(listOf),
    samples: of('samples'),
    fields: of('fields')
      .filter(({ code }) => code === 0)
      .map(fieldsOf),
    activity: of('activity')
      .filter(({ code }) => code === 0)
      .map(activityOf),
    files: of('file'),
    system: { hostName: system?.host_name ?? 'captured', release: system?.release ?? '' },
    durations: durationsOf(records),
  };
}

/**
 * @param {any} first record
 * @param {string} path
 */
function checkForm(first, path) {
  if (first?.record === 'capture' && first.format === FORMAT) return;
  throw new Error(
    `${path}: expected a capture of the form ${FORMAT}, got ${String(first?.format ?? 'none')}. Record the host with the gpu-node-agent of this version.`,
  );
}

/**
 * @param {any} line
 * @returns {Answer}
 */
function answerOf(line) {
  const { function: name, gpu, mig, gpu_instance: gpuInstance, code } = line;
  return {
    function: name,
    ...(gpu === undefined ? {} : { gpu }),
    ...(mig === undefined ? {} : { mig }),
    ...(gpuInstance === undefined ? {} : { gpuInstance }),
    arguments: line.arguments ?? [],
    code,
    filled: (line.bytes ?? []).map((/** @type {string} */ text) => Buffer.from(text, 'hex')),
  };
}

/**
 * @param {any} line
 * @returns {ProcessList}
 */
function listOf(line) {
  return {
    function: line.function,
    gpu: line.gpu,
    ...(line.mig === undefined ? {} : { mig: line.mig }),
    code: line.code,
    count: line.count ?? 0,
    entryBytes: line.entry_bytes ?? 0,
    bytes: Buffer.from(line.bytes?.[0] ?? '', 'hex'),
  };
}

/**
 * @param {any} line
 * @returns {FieldAnswers}
 */
function fieldsOf(line) {
  const values = new Map();
  for (const [id, type, text] of line.values ?? []) values.set(id, { type, bits: wordOf(text) });
  const refused = new Map();
  for (const [code, ids] of Object.entries(line.refused ?? {})) for (const id of ids) refused.set(id, Number(code));
  return { gpu: line.gpu, scope: line.scope, values, refused };
}

/**
 * @param {any} line
 * @returns {ActivityAnswers}
 */
function activityOf(line) {
  const values = new Map();
  const refused = new Map();
  for (const [id, code, text] of line.metrics ?? []) {
    if (code === 0 && text !== undefined) values.set(id, Buffer.from(text, 'hex').readDoubleLE());
    else refused.set(id, code);
  }
  return {
    gpu: line.gpu,
    ...(line.gpu_instance === undefined ? {} : { gpuInstance: line.gpu_instance }),
    values,
    refused,
  };
}

/** @param {readonly any[]} records */
function durationsOf(records) {
  /** @type {Map<string, number[]>} */
  const durations = new Map();
  for (const { function: name, nanoseconds } of records) {
    if (name === undefined || nanoseconds === undefined) continue;
    const known = durations.get(name);
    if (known === undefined) durations.set(name, [nanoseconds[1]]);
    else known.push(nanoseconds[1]);
  }
  return durations;
}

/** @param {string} text sixteen hexadecimal digits, the lowest byte first */
export function wordOf(text) {
  return Buffer.from(text, 'hex').readBigUInt64LE();
}

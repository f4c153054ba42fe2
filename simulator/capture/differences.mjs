// @ts-check
/**
 * What a node made of guessed attributes answers otherwise than the captured host did: those answers are kept as they
 * were recorded.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wordOf } from './capture-file.mjs';

/** @typedef {import('./capture-file.mjs').Capture} Capture */
/** @typedef {import('../state/recorded.mjs').RecordedSection} RecordedSection */

/** Made and counted from the GPUs a scenario has, or never asked of a simulated node. */
const STRUCTURE = new Set([
  'nvmlInitWithFlags',
  'nvmlInit_v2',
  'nvmlInit',
  'nvmlDeviceGetCount_v2',
  'nvmlDeviceGetCount',
]);
const LAST_FIELD = 302;
const SUCCESS = 0;
const FUNCTION_NOT_FOUND = 13;
/** Types of a field's value that fill four bytes, and two. */
const FOUR_BYTES = new Set([1, 5]);
const TWO_BYTES = new Set([6]);
const LARGEST_ANSWER = 64 * 1024 * 1024;

/**
 * @param {Capture} capture
 * @param {string} libraryPath of the node made of the guesses
 * @returns {{ recorded: RecordedSection, lost: string[] }} `lost`: functions that no simulated library has
 */
export function findDifferences(capture, libraryPath) {
  const refusals = [...capture.processes, ...capture.processUtilization, ...capture.samples].filter(
    ({ code }) => code !== SUCCESS,
  );
  const answers = [...capture.answers, ...refusals.map(refusalOf)].filter(({ function: name }) => !STRUCTURE.has(name));
  const questions = answers.map(({ function: name, gpu, mig, gpuInstance, arguments: args }) =>
    ['answer', name, gpu ?? '-', mig ?? '-', gpuInstance ?? '-', ...args].join(' '),
  );
  const fieldQuestions = capture.fields.map(({ gpu, scope }) => `fields ${gpu} ${scope} ${LAST_FIELD}`);
  const replies = ask(libraryPath, [...questions, ...fieldQuestions]);
  const lost = new Set();
  /** @type {import('../state/recorded.mjs').RecordedAnswer[]} */
  const different = [];
  for (const [index, answer] of answers.entries()) {
    const reply = replies[index] ?? '';
    if (reply === '?' || reply === String(FUNCTION_NOT_FOUND)) {
      lost.add(answer.function);
    } else if (!isSame(answer, reply)) {
      different.push(recordedAnswer(answer));
    }
  }
  const fields = capture.fields.flatMap((one, index) => fieldDifferences(one, replies[answers.length + index] ?? ''));
  const metrics = capture.activity.map(({ gpu, gpuInstance, values, refused }) => ({
    gpu,
    ...(gpuInstance === undefined ? {} : { gpuInstance }),
    values: Object.fromEntries(values),
    refused: byCode(refused),
  }));
  return { recorded: { answers: different, fields, metrics }, lost: [...lost].sort() };
}

/**
 * A list that the host refused.
 * @param {{ function: string, gpu: number, mig?: number, code: number, arguments?: readonly number[] }} list
 * @returns {import('./capture-file.mjs').Answer}
 */
function refusalOf({ function: name, gpu, mig, code, arguments: args = [] }) {
  return { function: name, gpu, ...(mig === undefined ? {} : { mig }), code, arguments: args, filled: [] };
}

/**
 * @param {string} libraryPath
 * @param {readonly string[]} questions
 */
function ask(libraryPath, questions) {
  const program = fileURLToPath(new URL('../../out/simulator/ask', import.meta.url));
  if (!existsSync(program)) throw new Error(`${program} was not built; run "make -C simulator" first`);
  return execFileSync(program, [libraryPath], {
    input: `${questions.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: LARGEST_ANSWER,
  }).split('\n');
}

/**
 * @param {{ code: number, filled: readonly Buffer[] }} answer
 * @param {string} reply
 */
function isSame({ code, filled }, reply) {
  const [replied, ...texts] = reply.split(' ');
  if (Number(replied) !== code) return false;
  // Of functions whose refusals alone are recorded nothing is told but the code.
  return texts.length === 0 || filled.every((bytes, index) => bytes.toString('hex') === texts[index]);
}

/**
 * @param {import('./capture-file.mjs').Answer} answer
 * @returns {import('../state/recorded.mjs').RecordedAnswer}
 */
function recordedAnswer({ function: name, gpu, mig, gpuInstance, arguments: args, code, filled }) {
  // A handle is looked up by its index: the function is about no GPU yet.
  const lookUp = name.startsWith('nvmlDeviceGetHandleBy');
  return {
    function: name,
    ...(gpu === undefined || lookUp ? {} : { gpu }),
    ...(mig === undefined ? {} : { mig }),
    ...(gpuInstance === undefined ? {} : { gpuInstance }),
    ...(args.length === 0 ? {} : { arguments: args }),
    code,
    ...(filled.length === 0 ? {} : { bytes: filled.map((bytes) => bytes.toString('hex')) }),
  };
}

/**
 * @param {import('./capture-file.mjs').FieldAnswers} captured
 * @param {string} reply
 * @returns {import('../state/recorded.mjs').RecordedFields[]}
 */
function fieldDifferences({ gpu, scope, values, refused }, reply) {
  const replied = new Map(
    reply
      .split(' ')
      .slice(1)
      .map((text) => {
        const [id, code, type, bits] = text.split(':');
        return [Number(id), { code: Number(code), type: Number(type), bits: wordOf(bits ?? '') }];
      }),
  );
  /** @type {Record<string, readonly [number, string]>} */
  const kept = {};
  for (const [id, { type, bits }] of values) {
    const simulated = replied.get(id);
    const same =
      simulated?.code === SUCCESS &&
      simulated.type === type &&
      filledBits(type, simulated.bits) === filledBits(type, bits);
    if (!same) kept[id] = [type, `0x${filledBits(type, bits).toString(16)}`];
  }
  const otherwise = new Map([...refused].filter(([id, code]) => replied.get(id)?.code !== code));
  if (Object.keys(kept).length === 0 && otherwise.size === 0) return [];
  return [
    {
      gpu,
      scope,
      ...(Object.keys(kept).length === 0 ? {} : { values: kept }),
      ...(otherwise.size === 0 ? {} : { refused: byCode(otherwise) }),
    },
  ];
}

/**
 * The bytes of a field that its type fills.
 * @param {number} type
 * @param {bigint} bits
 */
function filledBits(type, bits) {
  return BigInt.asUintN(TWO_BYTES.has(type) ? 16 : FOUR_BYTES.has(type) ? 32 : 64, bits);
}

/** @param {ReadonlyMap<number, number>} codes by id */
function byCode(codes) {
  /** @type {Record<string, number[]>} */
  const ids = {};
  for (const [id, code] of codes) {
    ids[code] ??= [];
    ids[code].push(id);
  }
  return ids;
}

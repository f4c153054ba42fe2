/** Comparing one of our halves with the real headers. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../layout.mjs';
import { plainName, readOwnDeclarations, readRealNames, withoutComments } from './declarations.mjs';
import { askCompiler } from './facts.mjs';

/**
 * @typedef {object} Half
 * @property {string} name for messages and files
 * @property {string} header relative to the root
 * @property {string} namespace in front of its names
 * @property {readonly string[]} flags for the compiler
 * @property {Readonly<Record<string, string>>} names real names of structures, constants and members ("Sample.value")
 *   that do not follow from ours
 * @property {Readonly<Record<string, string>>} excused facts ("Uuid.value.kind"), members or constants that no real
 *   header states, each with its reason
 */

/**
 * @typedef {object} Outcome
 * @property {number} compared facts that were compared with at least one real header
 * @property {string[]} problems
 */

/** @typedef {import('./facts.mjs').Question} Question */

/**
 * The version word of a structure is named like it in the real headers.
 * @param {string} name of a constant of ours
 */
const withoutVersion = (name) => (/v\d+_?Version$/i.test(name) ? name.replace(/_?Version$/i, '') : name);

/**
 * Everything a half declares, as questions with our own names. Version words that are computed, as in
 * `versionWord<Memory>(2)`, are asked as "Memory.versionWord".
 * @param {Half} half
 * @param {string} source
 * @returns {Question[]}
 */
function ownQuestions(half, source) {
  const { structs, values } = readOwnDeclarations(source);
  const words = [...withoutComments(source).matchAll(/\bversionWord<(\w+)>\((\d+)\)/g)];
  return [
    ...[...structs].map(([name, members]) => ({
      key: name,
      name: `${half.namespace}${name}`,
      members: members.map((member) => /** @type {const} */ ([member, member])),
    })),
    ...values.map((name) => ({ key: name, name: `${half.namespace}${name}` })),
    ...words.map(([, struct = '', version]) => ({
      key: `${struct}.versionWord`,
      name: `${half.namespace}versionWord<${half.namespace}${struct}>(${version})`,
    })),
  ];
}

/**
 * The same questions with the names of a real header, as far as it has them.
 * @param {Half} half
 * @param {readonly Question[]} own
 * @param {ReturnType<typeof readRealNames>} real
 * @returns {Question[]}
 */
function realQuestions(half, own, real) {
  const typeOf = (/** @type {string} */ key) => real.types.get(plainName(half.names[key] ?? key));
  return own.flatMap(({ key, members }) => {
    if (members !== undefined) {
      const name = typeOf(key);
      if (name === undefined) return [];
      return [{ key, name, members: members.map(([own]) => [own, half.names[`${key}.${own}`] ?? own]) }];
    }
    const struct = /^(\w+)\.versionWord$/.exec(key)?.[1];
    const wanted = struct === undefined ? withoutVersion(half.names[key] ?? key) : (typeOf(struct) ?? '');
    const name = real.values.get(plainName(wanted));
    return name === undefined ? [] : [{ key, name }];
  });
}

/**
 * Compares every structure and constant of a half with the headers that have it.
 * @param {Half} half
 * @param {readonly import('./headers.mjs').RealHeader[]} headers
 * @returns {Promise<Outcome>}
 */
export async function compareHalf(half, headers) {
  const questions = ownQuestions(half, readFileSync(inRoot(half.header), 'utf8'));
  const ownFacts = await askCompiler(half.name, [`#include "${inRoot(half.header)}"`], questions, half.flags);
  const excuse = (/** @type {string} */ key) =>
    Object.keys(half.excused).find((excused) => key === excused || key.startsWith(`${excused}.`));
  /** @type {string[]} */
  const problems = [];
  const unseen = new Set(ownFacts.keys());
  for (const header of headers) {
    const asked = realQuestions(half, questions, readRealNames(readFileSync(header.path, 'utf8')));
    const program = `${half.name}-of-${header.name.replace(/\W+/g, '-')}`;
    const facts = await askCompiler(program, [`#include "${header.path}"`], asked, []);
    for (const [key, value] of facts) {
      if (excuse(key) !== undefined) continue;
      unseen.delete(key);
      const ours = ownFacts.get(key);
      if (!agree(ours, value)) problems.push(`${half.header}: ${key} is ${ours}, ${header.name} says ${value}`);
    }
  }
  const used = new Set([...unseen].map(excuse));
  for (const key of unseen) {
    if (excuse(key) === undefined) problems.push(`${half.header}: ${key} is in none of the real headers`);
  }
  for (const key of Object.keys(half.excused)) {
    if (!used.has(key)) problems.push(`${half.header}: ${key} is excused for nothing`);
  }
  return { compared: ownFacts.size - unseen.size, problems };
}

/**
 * Whether two facts are the same. A constant that the header writes as a negative int may be an unsigned 32-bit
 * number of ours; an enumeration is an integer of either sign to the machine.
 * @param {string | undefined} ours
 * @param {string} real
 */
function agree(ours, real) {
  if (ours === real) return true;
  if (real === 'enumeration') return ours === 'signed' || ours === 'unsigned';
  if (ours === undefined || !/^\d+$/.test(ours) || !/^\d+$/.test(real)) return false;
  return BigInt(ours) === BigInt.asUintN(32, BigInt(real)) && BigInt(real) >= 2n ** 63n;
}

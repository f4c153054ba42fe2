/** Comparing one of our halves with the real headers. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../layout.mjs';
import { plainName, readOwnDeclarations, readRealNames } from './declarations.mjs';
import { askCompiler } from './facts.mjs';

/**
 * @typedef {object} Half
 * @property {string} name for messages and files
 * @property {string} header relative to the root
 * @property {string} namespace in front of its names, "" for none
 * @property {readonly string[]} flags for the compiler
 * @property {Readonly<Record<string, string>>} unnamed constants the real headers do not name, each with its reason
 */

/**
 * @typedef {object} Outcome
 * @property {number} compared facts that were compared with at least one real header
 * @property {string[]} problems
 */

/**
 * The name of a version word in the real headers is that of its structure.
 * @param {string} name of a constant of ours
 */
const valueKey = (name) =>
  plainName(name.replace(/_?Version$/i, (suffix) => (/v\d+_?Version$/i.test(name) ? '' : suffix)));

/**
 * Compares every structure and constant of a half with the headers that have it.
 * @param {Half} half
 * @param {readonly import('./headers.mjs').RealHeader[]} headers
 * @returns {Promise<Outcome>}
 */
export async function compareHalf(half, headers) {
  const own = readOwnDeclarations(readFileSync(inRoot(half.header), 'utf8'));
  const values = own.values.filter((name) => half.unnamed[name] === undefined);
  const questions = [
    ...[...own.structs].map(([name, members]) => ({ key: name, name: `${half.namespace}${name}`, members })),
    ...values.map((name) => ({ key: name, name: `${half.namespace}${name}` })),
  ];
  const ownFacts = await askCompiler(half.name, [`#include "${inRoot(half.header)}"`], questions, half.flags);
  /** @type {string[]} */
  const problems = [];
  const unseen = new Set(ownFacts.keys());
  for (const header of headers) {
    const names = readRealNames(readFileSync(header.path, 'utf8'));
    /** @type {import('./facts.mjs').Question[]} */
    const asked = [];
    for (const [name, members] of own.structs) {
      const type = names.types.get(plainName(name));
      if (type !== undefined) asked.push({ key: name, name: type, members });
    }
    for (const name of values) {
      const value = names.values.get(valueKey(name)) ?? names.values.get(plainName(name));
      if (value !== undefined) asked.push({ key: name, name: value });
    }
    const program = `${half.name}-of-${header.name.replace(/\W+/g, '-')}`;
    const facts = await askCompiler(program, [`#include "${header.path}"`], asked, []);
    for (const [key, value] of facts) {
      unseen.delete(key);
      const ours = ownFacts.get(key);
      if (!agree(ours, value)) {
        problems.push(`${half.header}: ${key} is ${ours}, ${header.name} says ${value}`);
      }
    }
  }
  for (const key of unseen) problems.push(`${half.header}: ${key} is in none of the real headers`);
  for (const name of Object.keys(half.unnamed)) {
    if (!own.values.includes(name)) problems.push(`${half.header}: ${name} is excused but not declared`);
  }
  return { compared: ownFacts.size - unseen.size, problems };
}

/**
 * Whether two facts are the same. A constant that the header writes as a negative int may be an unsigned 32-bit
 * number of ours.
 * @param {string | undefined} ours
 * @param {string} real
 */
function agree(ours, real) {
  if (ours === real) return true;
  if (ours === undefined || !/^\d+$/.test(ours) || !/^\d+$/.test(real)) return false;
  return BigInt(ours) === BigInt.asUintN(32, BigInt(real)) && BigInt(real) >= 2n ** 63n;
}

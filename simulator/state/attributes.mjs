// @ts-check
/**
 * The table of values a simulated GPU can have, read from `attributes.def`, which the library includes.
 */
import { readFileSync } from 'node:fs';

/** @typedef {'number' | 'signed' | 'text' | 'counter'} AttributeKind */

/**
 * @typedef {object} Attribute
 * @property {number} id place in the table
 * @property {string} name
 * @property {AttributeKind} kind
 */

/** Longest text of an attribute, bytes of UTF-8: what the shortest buffers of the interface take. */
export const LONGEST_TEXT_BYTES = 95;

const KINDS = new Set(['number', 'signed', 'text', 'counter']);

/** @returns {ReadonlyMap<string, Attribute>} */
function readTable() {
  const source = readFileSync(new URL('attributes.def', import.meta.url), 'utf8');
  const table = new Map();
  for (const [, name = '', kind = ''] of source.matchAll(/^ATTRIBUTE\((\w+), (\w+)\)/gm)) {
    if (!KINDS.has(kind) || table.has(name)) throw new Error(`attributes.def: bad line ATTRIBUTE(${name}, ${kind})`);
    table.set(name, { id: table.size, name, kind });
  }
  return table;
}

/** All attributes by name, in the order of their ids. */
export const ATTRIBUTES = readTable();

/** Attributes of the node; all others are a GPU's. */
export const NODE_ATTRIBUTES = new Set([
  'scenarioName',
  'processStrideBytes',
  'cudaDriverVersion',
  'excludedDevices',
  'unprivileged',
  'confidentialCpuCapability',
  'confidentialGpusCapable',
  'confidentialEnvironment',
  'confidentialFeature',
  'confidentialDevtoolsMode',
  'confidentialMultiGpuMode',
  'confidentialGpusReady',
  'confidentialKeyRotationAdvantage',
]);

/**
 * @param {string} name
 * @returns {Attribute}
 * @throws {RangeError} naming the nearest attributes
 */
export function attributeNamed(name) {
  const attribute = ATTRIBUTES.get(name);
  if (attribute !== undefined) return attribute;
  const near = [...ATTRIBUTES.keys()].filter((known) => known.toLowerCase().startsWith(name.slice(0, 5).toLowerCase()));
  const hint = near.length > 0 ? `near it: ${near.join(', ')}` : 'see simulator/state/attributes.def';
  throw new RangeError(`no attribute is called "${name}"; ${hint}`);
}

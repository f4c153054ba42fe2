/**
 * What a header declares, read from its text: only names, all numbers come from the compiler. The grammar is the
 * little that our own two ABI headers use; anything else in them is an error, so that nothing is passed over.
 */
import { Failure } from '../child.mjs';

/**
 * @typedef {object} Declarations
 * @property {Map<string, string[]>} structs name to names of members
 * @property {string[]} values names of constants and enumerators
 */

/** @param {string} text */
export const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/[^\n]*/g, ' ');

/**
 * Names declared by `type a, b[4], *c;` lines.
 * @param {string} body of a struct or union
 */
function memberNames(body) {
  return body
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .flatMap((line) =>
      line.split(',').map((part) => {
        const name = /([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*(?:\{\s*\}|=\s*[^{]+)?$/.exec(part.trim())?.[1];
        if (name === undefined) throw new Failure(`member not understood: ${line}`);
        return name;
      }),
    );
}

/**
 * Reads one of our own ABI headers.
 * @param {string} source text of the header
 * @returns {Declarations}
 */
export function readOwnDeclarations(source) {
  const text = withoutComments(source);
  /** @type {Declarations} */
  const found = { structs: new Map(), values: [] };
  let structBodies = 0;
  for (const match of text.matchAll(/\b(?:struct|union)\s+([A-Za-z_]\w*)\s*\{([^{}]*(?:\{\s*\}[^{}]*)*)\}\s*;/g)) {
    found.structs.set(match[1] ?? '', memberNames(match[2] ?? ''));
    structBodies++;
  }
  const opened = [...text.matchAll(/\b(?:struct|union)\s*[A-Za-z_]?\w*\s*\{/g)].length;
  if (opened !== structBodies) {
    throw new Failure(`${opened - structBodies} structures are nested or unnamed: the ABI check reads flat ones only`);
  }
  for (const match of text.matchAll(/\bconstexpr\s+[\w:\s]+?\b([A-Za-z_]\w*)\s*=/g)) found.values.push(match[1] ?? '');
  for (const match of text.matchAll(/\benum\s+(class\s+)?([A-Za-z_]\w*)?\s*(?::\s*[\w:\s]+?)?\{([^}]*)\}/g)) {
    const scope = match[1] === undefined ? '' : `${match[2]}::`;
    for (const part of (match[3] ?? '').split(',')) {
      const name = /^\s*([A-Za-z_]\w*)/.exec(part)?.[1];
      if (name !== undefined) found.values.push(`${scope}${name}`);
    }
  }
  if (found.structs.size === 0 || found.values.length === 0) throw new Failure('no structures or no constants found');
  return found;
}

/**
 * A name without the conventions around it, so that `kErrorGpuIsLost` meets `NVML_ERROR_GPU_IS_LOST` and
 * `Memory_v2` meets `nvmlMemory_v2_t`.
 * @param {string} name
 */
export function plainName(name) {
  return name
    .replace(/^k(?=[A-Z])/, '')
    .replace(/_t$/, '')
    .replace(/_|::/g, '')
    .toLowerCase()
    .replace(/^nvml/, '')
    .replace(/bufsize$/, 'buffersize');
}

/**
 * Names in a real header by plain name: types that are structures or unions, and everything that is a value.
 * @param {string} source text of the header
 */
export function readRealNames(source) {
  const text = withoutComments(source);
  /** @type {Map<string, string>} */
  const types = new Map();
  for (const match of text.matchAll(/\btypedef\s+(?:struct|union)\b[^;{]*\{[^}]*\}\s*([A-Za-z_]\w*)\s*;/g)) {
    types.set(plainName(match[1] ?? ''), match[1] ?? '');
  }
  for (const match of text.matchAll(/\btypedef\s+(nvml\w+_t)\s+(nvml\w+_t)\s*;/g)) {
    types.set(plainName(match[2] ?? ''), match[2] ?? '');
  }
  /** @type {Map<string, string>} */
  const values = new Map();
  const add = (/** @type {string | undefined} */ name) => name !== undefined && values.set(plainName(name), name);
  for (const match of text.matchAll(/^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+\S/gm)) add(match[1]);
  for (const match of text.matchAll(/\benum\b[^;{]*\{([^}]*)\}/g)) {
    for (const part of (match[1] ?? '').split(',')) add(/^\s*([A-Za-z_]\w*)/.exec(part)?.[1]);
  }
  for (const match of text.matchAll(/\bconst\s+[\w\s]+?\b(nvml\w+|NVML_\w+)\s*=/g)) add(match[1]);
  return { types, values };
}

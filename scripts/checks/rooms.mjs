/** Which room of src/ may import which: the one direction of docs/architecture.md, kept by a check. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { inRoot } from '../layout.mjs';
import { sourceFiles } from './sources.mjs';

/**
 * What each room may import besides itself. `cli` and the composition root `agent.ts` may import all; nothing may
 * import them, and nothing may import the simulator.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const allowed = {
  model: [],
  native: ['model'],
  config: ['model'],
  workload: ['model', 'native'],
  collect: ['model', 'native', 'workload'],
  health: ['model'],
  metrics: ['model', 'native'],
  http: ['model', 'web'],
  carve: ['model', 'native'],
  web: [],
};

/**
 * The room of a file below src/: its folder, or its own name for files beside the rooms.
 * @param {string} path relative to the root
 */
function roomOf(path) {
  const parts = path.split('/');
  if (parts[0] !== 'src') return path;
  return parts[1] ?? path;
}

/**
 * Imports of one file that its room may not have, one line each.
 * @param {string} path relative to the root
 * @param {string} text the source
 */
export function forbiddenImports(path, text) {
  const room = roomOf(path);
  const mayImport = allowed[room];
  if (mayImport === undefined) return [];
  /** @type {string[]} */
  const found = [];
  for (const match of text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
    const specifier = match[1] ?? '';
    const target = roomOf(normalize(join(dirname(path), specifier)));
    // Generated tables are facts, not behaviour: every room may read them.
    if (/\.generated\.(?:js|ts)$/.test(specifier)) continue;
    if (target !== room && !mayImport.includes(target)) {
      found.push(
        `${path}: ${room} may not import ${specifier} (${target}); it may import ${mayImport.join(', ') || 'nothing'}`,
      );
    }
  }
  return found;
}

/** @type {import('./check.mjs').Check} */
export const rooms = {
  name: 'rooms import in one direction',
  async run() {
    const files = await sourceFiles('src/*.ts');
    if (files.length === 0) return { code: 1, output: 'no sources found in src/\n' };
    const found = files.flatMap((file) => forbiddenImports(file, readFileSync(inRoot(file), 'utf8')));
    return { code: found.length === 0 ? 0 : 1, output: found.map((line) => `${line}\n`).join('') };
  },
};

/** Which room of src/ may import which: the one direction of docs/architecture.md, kept by a check. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { inRoot } from '../layout.mjs';
import { sourceFiles } from './sources.mjs';

/**
 * What each room may import besides itself: rooms, or a folder of one. `cli` and the composition root `agent.ts` may import all; nothing may
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
  http: ['model', 'config', 'web'],
  carve: ['model', 'native'],
  // The page shows the API's documents.
  web: ['model', 'http/documents'],
};

/** Facts, not behaviour, which every room may read: generated tables, and the version. */
const facts = /(?:\.generated|^src\/version)\.(?:js|ts)$/;

/**
 * Imports of one file that its room may not have, one line each.
 * @param {string} path relative to the root
 * @param {string} text the source
 */
export function forbiddenImports(path, text) {
  const room = path.split('/')[1] ?? '';
  const mayImport = allowed[room];
  if (mayImport === undefined) return [];
  /** @type {string[]} */
  const found = [];
  for (const match of text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
    const target = normalize(join(dirname(path), match[1] ?? ''));
    if (facts.test(target) || [room, ...mayImport].some((place) => target.startsWith(`src/${place}/`))) continue;
    found.push(`${path}: ${room} may not import ${target}; it may import ${mayImport.join(', ') || 'nothing'}`);
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

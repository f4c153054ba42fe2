/** Which headers of ours a C++ source sees, by following its quoted includes. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { inRoot } from '../layout.mjs';

/** Also a file's name given to a macro, for an include by that macro. */
const QUOTED = /^\s*#\s*(?:include|define\s+\w+)\s+"([^"]+)"/gm;

/**
 * All files a source includes, directly or not, sorted. What is not found in the folders is not ours.
 * @param {string} file relative to the root
 * @param {readonly string[]} folders of the compiler's `-I`, relative to the root
 * @returns {readonly string[]} relative to the root
 */
export function includedFiles(file, folders) {
  /** @type {Set<string>} */
  const seen = new Set();
  const waiting = [file];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const [, name] of readFileSync(inRoot(from), 'utf8').matchAll(QUOTED)) {
      const found = [dirname(from), ...folders]
        .map((folder) => normalize(join(folder, String(name))))
        .find((path) => existsSync(inRoot(path)));
      if (found === undefined || seen.has(found)) continue;
      seen.add(found);
      waiting.push(found);
    }
  }
  return [...seen].sort();
}

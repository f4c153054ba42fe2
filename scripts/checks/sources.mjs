/** The files a check is about: what git tracks, and what it would track. */
import { existsSync } from 'node:fs';
import { mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/**
 * Files matching git pathspecs, relative to the root.
 * @param {...string} patterns such as "*.cpp"
 * @returns {Promise<string[]>}
 */
export async function sourceFiles(...patterns) {
  const { stdout } = await mustRun('listing sources', 'git', [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
    '--',
    ...patterns,
  ]);
  // Deleted but not yet committed files are still in git's list.
  return stdout.split('\0').filter((path) => path !== '' && existsSync(inRoot(path)));
}

/** Form of the C++ sources (.clang-format). */
import { runChild } from '../child.mjs';
import { findClangTool } from './clang-tools.mjs';
import { sourceFiles } from './sources.mjs';

/** @param {readonly string[]} args */
async function clangFormat(args) {
  const files = await sourceFiles('*.cpp', '*.h', '*.c');
  if (files.length === 0) return { code: 1, output: 'no C++ sources found\n' };
  return runChild(await findClangTool('clang-format'), [...args, ...files]);
}

/** @type {import('./check.mjs').Check} */
export const cppFormat = {
  name: 'format of C++',
  run: () => clangFormat(['--dry-run', '-Werror', '--ferror-limit=3']),
  fix: () => clangFormat(['-i']),
};

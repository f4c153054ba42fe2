/** Lint and form of TypeScript, JavaScript and JSON. */
import { runNodeBinary } from './node-binary.mjs';

/** @type {import('./check.mjs').Check} */
export const scriptLint = {
  name: 'lint of TypeScript',
  run: () => runNodeBinary('@biomejs/biome', 'bin/biome', ['lint', '--error-on-warnings', '--max-diagnostics=100']),
};

/** @type {import('./check.mjs').Check} */
export const scriptFormat = {
  name: 'format of TypeScript',
  run: () => runNodeBinary('@biomejs/biome', 'bin/biome', ['format', '--max-diagnostics=100']),
  fix: () => runNodeBinary('@biomejs/biome', 'bin/biome', ['check', '--write', '--max-diagnostics=100']),
};

/** Generated files are what their generators make of the tables now. */
import { readdirSync } from 'node:fs';
import { runChild } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/** @type {import('./check.mjs').Check} */
export const generatedFiles = {
  name: 'generated files unchanged',
  async run() {
    const generators = readdirSync(inRoot('scripts')).filter((name) => /^generate-.*\.mjs$/.test(name));
    if (generators.length === 0) return { code: 1, output: 'no generator found in scripts/\n' };
    let output = '';
    let code = 0;
    for (const generator of generators) {
      const result = await runChild(process.execPath, [inRoot('scripts', generator), '--check']);
      if (result.code !== 0) code = 1;
      output += result.output;
    }
    return { code, output };
  },
};

/** Sanitizer builds as stages: their tests are counted, the sampler's run counts as one. */
import { ensureBuilt } from '../build/ensure-built.mjs';
import { runNativeTests } from '../native-tests.mjs';
import { runSanitizedSampler } from '../sanitize/sampler.mjs';
import { one } from './stage.mjs';

/** @typedef {import('./stage.mjs').Stage} Stage */

/** @type {readonly Stage[]} */
export const sanitizerStages = /** @type {const} */ (['address', 'thread']).flatMap((sanitizer) => [
  { name: `native tests under the ${sanitizer} sanitizer`, run: () => runNativeTests(sanitizer) },
  {
    name: `sampler under the ${sanitizer} sanitizer`,
    async run() {
      await ensureBuilt(['simulator']);
      await runSanitizedSampler(sanitizer, 'mixed');
      return one(true);
    },
  },
]);

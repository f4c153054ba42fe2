/**
 * `npm run sanitize`: native tests and the sampler under AddressSanitizer with UndefinedBehaviorSanitizer, then under
 * ThreadSanitizer. One of the two by name: `npm run sanitize -- thread`.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, runScript } from './child.mjs';
import { runNativeTests } from './native-tests.mjs';
import { runSanitizedSampler } from './sanitize/sampler.mjs';

runScript(async () => {
  await ensureBuilt(['simulator']);
  const asked = process.argv.slice(2);
  for (const sanitizer of /** @type {const} */ (['address', 'thread'])) {
    if (asked.length > 0 && !asked.includes(sanitizer)) continue;
    const { failed, code } = await runNativeTests(sanitizer);
    if (failed > 0 || code !== 0) throw new Failure(`native tests failed under the ${sanitizer} sanitizer`);
    await runSanitizedSampler(sanitizer, 'mixed');
    console.log(`native tests and sampler: nothing found by the ${sanitizer} sanitizer`);
  }
});

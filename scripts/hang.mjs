/**
 * `npm run test:hang`: the proof that nothing hangs, one cell for each function, reach, kind of sleep and moment.
 * `--short` runs one cell per function. Other arguments go to Vitest.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { runScript } from './child.mjs';
import { runVitest } from './vitest.mjs';

runScript(async () => {
  await ensureBuilt();
  const args = process.argv.slice(2);
  const short = args.includes('--short');
  const { code, failed } = await runVitest(
    'vitest.hang.config.mjs',
    'hang.json',
    args.filter((arg) => arg !== '--short'),
    { env: { HANG_CELLS: short ? 'short' : 'all' } },
  );
  return code === 0 && failed === 0 ? 0 : 1;
});

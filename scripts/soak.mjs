/**
 * `npm run soak`: sampler and agent for a simulated day, some minutes of real time; `--short` for an hour of it, within a
 * minute on a quiet machine. What it does and when it fails is in bench/soak/soak.mjs.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, runChild, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';

runScript(async () => {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--short');
  if (unknown !== undefined) throw new Failure(`unknown argument ${unknown}; there is only --short`);
  await ensureBuilt();
  return (await runChild(process.execPath, [inRoot('bench', 'soak', 'soak.mjs'), ...args], { show: true })).code;
});

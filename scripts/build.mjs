/**
 * `npm run build`: installs and builds what changed. `--clean` forgets everything built before; names of steps
 * (native, addon, simulator, bundle) leave out the others.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { clean, steps } from './build/steps.mjs';
import { Failure, runScript } from './child.mjs';

runScript(async () => {
  if (process.argv.includes('--clean')) clean();
  const names = process.argv.slice(2).filter((arg) => arg !== '--clean');
  const unknown = names.find((name) => !steps.some((step) => step.name === name));
  if (unknown !== undefined) {
    throw new Failure(`unknown step "${unknown}": expected ${steps.map(({ name }) => name).join(', ')} or --clean`);
  }
  if ((await ensureBuilt(names.length > 0 ? names : undefined)) === 0) console.log('build: up to date');
});

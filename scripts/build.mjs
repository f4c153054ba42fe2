/** `npm run build`: installs and builds what changed. `--clean` forgets everything built before. */
import { ensureBuilt } from './build/ensure-built.mjs';
import { clean } from './build/steps.mjs';
import { runScript } from './child.mjs';

runScript(async () => {
  if (process.argv.includes('--clean')) clean();
  if ((await ensureBuilt()) === 0) console.log('build: up to date');
});

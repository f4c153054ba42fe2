/** `npm run format`: rewrites sources in the one form; `--check` only says what is not. */
import { ensureDependencies } from './build/dependencies.mjs';
import { scriptFormat } from './checks/biome.mjs';
import { performAll } from './checks/check.mjs';
import { cppFormat } from './checks/cpp-format.mjs';
import { runScript } from './child.mjs';

runScript(async () => {
  await ensureDependencies();
  const how = process.argv.includes('--check') ? 'run' : 'fix';
  return (await performAll([scriptFormat, cppFormat], how)) === 0 ? 0 : 1;
});

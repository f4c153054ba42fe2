/** `npm run lint`: everything that reads the sources and does not run them. */
import { ensureDependencies } from './build/dependencies.mjs';
import { scriptLint } from './checks/biome.mjs';
import { performAll } from './checks/check.mjs';
import { cppLint } from './checks/cpp-lint.mjs';
import { generatedFiles } from './checks/generated.mjs';
import { simulatorIndependence } from './checks/independence.mjs';
import { lockFile } from './checks/lock-file.mjs';
import { rooms } from './checks/rooms.mjs';
import { runScript } from './child.mjs';

/** Quick ones first. */
const lintChecks = [lockFile, generatedFiles, rooms, simulatorIndependence, scriptLint, cppLint];

runScript(async () => {
  await ensureDependencies();
  return (await performAll(lintChecks)) === 0 ? 0 : 1;
});

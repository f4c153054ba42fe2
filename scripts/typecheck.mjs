/** `npm run typecheck` */
import { ensureDependencies } from './build/dependencies.mjs';
import { performAll } from './checks/check.mjs';
import { agentTypes, scriptTypes } from './checks/typescript.mjs';
import { runScript } from './child.mjs';

runScript(async () => {
  await ensureDependencies();
  return (await performAll([agentTypes, scriptTypes])) === 0 ? 0 : 1;
});

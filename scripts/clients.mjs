/**
 * `npm run test:clients`: programs that are not ours on the simulated library, compared with what stands beside the
 * scenarios. Fetches them by package name into out/ when they are not there. One that cannot be had is left out, with
 * the reason; in CI it is a failure. `--short` takes three scenarios. Other arguments go to Vitest.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { runScript } from './child.mjs';
import { ensureClients } from './clients/clients.mjs';
import { runVitest } from './vitest.mjs';

runScript(async () => {
  await ensureBuilt();
  const missing = await ensureClients();
  const args = process.argv.slice(2);
  const { code, failed } = await runVitest(
    'vitest.clients.config.mjs',
    'clients.json',
    args.filter((arg) => arg !== '--short'),
    { env: { CLIENT_SCENARIOS: args.includes('--short') ? 'short' : 'all' } },
  );
  const good = code === 0 && failed === 0;
  return good && (missing.length === 0 || process.env.CI !== 'true') ? 0 : 1;
});

/**
 * `npm run bench`: every file bench/*.bench.mjs, one after another, with this Node and a quiet machine assumed. Each
 * prints its own rows; arguments pick files by a part of their name.
 */
import { existsSync, readdirSync } from 'node:fs';
import { ensureBuilt } from './build/ensure-built.mjs';
import { Failure, mustRun, runScript } from './child.mjs';
import { inRoot } from './layout.mjs';

runScript(async () => {
  await ensureBuilt();
  const asked = process.argv.slice(2);
  const files = (existsSync(inRoot('bench')) ? readdirSync(inRoot('bench')) : [])
    .filter((name) => name.endsWith('.bench.mjs'))
    .filter((name) => asked.length === 0 || asked.some((part) => name.includes(part)))
    .sort();
  if (files.length === 0) throw new Failure('no benchmark bench/*.bench.mjs');
  for (const file of files)
    await mustRun(file, process.execPath, ['--expose-gc', inRoot('bench', file)], { show: true });
});

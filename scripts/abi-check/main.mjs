/**
 * `npm run abi-check`: sizes, offsets, version words and values of both halves against two real headers. The halves
 * were typed independently, and neither may be wrong in the same way as the other without this telling.
 */
import { existsSync } from 'node:fs';
import { Failure, runScript } from '../child.mjs';
import { inRoot } from '../layout.mjs';
import { compareHalf } from './compare.mjs';
import { compareFieldIds } from './field-ids.mjs';
import { halves } from './halves.mjs';
import { realHeaders } from './headers.mjs';

runScript(async () => {
  const missing = halves.filter(({ header }) => !existsSync(inRoot(header))).map(({ header }) => header);
  if (missing.length > 0) throw new Failure(`no declarations to check: ${missing.join(', ')}`);
  const headers = await realHeaders();
  const outcomes = [];
  for (const half of halves) outcomes.push(await compareHalf(half, headers));
  outcomes.push(await compareFieldIds(headers));
  const problems = outcomes.flatMap((outcome) => outcome.problems);
  if (problems.length > 0)
    throw new Failure(`${problems.length} differences from the real headers`, problems.join('\n'));
  const compared = outcomes.reduce((sum, outcome) => sum + outcome.compared, 0);
  console.log(`${compared} facts agree with ${headers.map(({ name }) => name).join(' and ')}`);
});

/**
 * `npm run abi-check`: sizes, offsets, version words and values of both halves against two real headers. The halves
 * were typed independently, and neither may be wrong in the same way as the other without this telling.
 */
import { Failure, runScript } from '../child.mjs';
import { compareHalf } from './compare.mjs';
import { compareFieldIds } from './field-ids.mjs';
import { existingHalves, realHeaders } from './headers.mjs';

/** @type {readonly import('./compare.mjs').Half[]} */
const halves = [
  {
    name: 'agent',
    header: 'native/core/nvml/abi.h',
    namespace: 'gna::nvml::',
    flags: ['-Inative'],
    unnamed: { kInstanceNotApplicable: 'only a comment of the headers says 0xFFFFFFFF; their own name has no value' },
  },
  {
    name: 'simulator',
    header: 'simulator/nvml/abi.h',
    namespace: '',
    flags: ['-Isimulator/nvml'],
    unnamed: {},
  },
];

runScript(async () => {
  existingHalves(halves.map(({ header }) => header));
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

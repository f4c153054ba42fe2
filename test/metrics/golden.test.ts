import { expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { FULL_NODE } from './full-node.js';
import { everything, exposition } from './rendering.js';

/** The labels that change with the machine and the build. */
const portable = (text: string) =>
  text.replace(/node_version="[^"]*"/, 'node_version="(any)"').replace(/abi="\d+"/, 'abi="(any)"');

// `npm test -- test/metrics -u` writes them anew.
test.each(['text', 'openmetrics'] as const)('a node with one of everything, as %s', async (format) => {
  const text = portable(await exposition(FULL_NODE, format, everything));
  await expect(text).toMatchFileSnapshot(`fixtures/full-node.${format}.golden`);
});

test('every family of the catalogue has a sample on a node with one of everything', async () => {
  const text = await exposition(FULL_NODE, 'text', everything);
  const printed = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]);
  expect(printed).toEqual(FAMILIES.map(({ name }) => name));
});

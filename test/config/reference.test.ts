import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { OPTIONS, variableOf } from '../../src/config/options.js';
import { referenceTable } from '../../src/config/reference.js';

const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

it('docs/configuration.md has every setting as the schema has it', () => {
  const table = text.split('\n').filter((line) => line.startsWith('| '));
  expect(table.join('\n')).toBe(referenceTable());
});

it('names of flags and variables are unique', () => {
  expect(new Set(OPTIONS.map(({ flag }) => flag)).size).toBe(OPTIONS.length);
  expect(new Set(OPTIONS.map(({ variable }) => variable)).size).toBe(OPTIONS.length);
  expect(variableOf('web.listen-address')).toBe('GPU_NODE_AGENT_WEB_LISTEN_ADDRESS');
});

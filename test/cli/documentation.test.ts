import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { COMMON_FLAGS } from '../../src/cli/help.js';

const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const firstCells = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, cell]) => cell);

describe('docs/cli.md', () => {
  it('lists every command and no other', () => {
    expect(firstCells(/^\| `([a-z][a-z-]*)` \|/gm)).toEqual(COMMANDS.map(({ name }) => name));
  });

  it('lists the flags of every command', () => {
    expect(firstCells(/^\| `--([a-z]+)` \|/gm)).toEqual(COMMON_FLAGS.map(({ name }) => name));
  });

  it('mentions every flag of one command', () => {
    for (const { flags } of COMMANDS) for (const { name } of flags) expect(text).toContain(`--${name}`);
  });

  it('lists every exit code', () => {
    expect(firstCells(/^\| (\d) \|/gm)).toEqual(Object.values(EXIT).map(String));
  });
});

import { expect, it } from 'vitest';
import { openLog } from '../../src/cli/log.js';

/** Escape, C1 control, DEL, bidi override and isolate, line separator, half a surrogate pair, a tag, and what is harmless. */
const HOSTILE =
  'a\u001b[2Jb\u009b31mc\u007fd\u202ee\u2066f\u2028g\ud800h\u{e0041}i "x" \\ ü 漢 \n level=fatal {"level":"fatal"}';

const NOT_SEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u{e0000}-\u{e007f}]|\p{Cs}/u;

function written(format: 'json' | 'logfmt', write: (log: ReturnType<typeof openLog>) => void): string[] {
  const lines: string[] = [];
  write(openLog({ level: 'info', format }, { write: (line) => void lines.push(line) }));
  return lines;
}

const hostileError = () => Object.assign(new Error(HOSTILE), { path: `/containers/${HOSTILE}` });

it.each(['json', 'logfmt'] as const)('a hostile name stays one %s line without anything a terminal obeys', (format) => {
  const lines = written(format, (log) => {
    log.warn({ container: HOSTILE, list: [HOSTILE], [HOSTILE]: 1 }, HOSTILE);
    log.error({ err: hostileError() }, 'a route failed');
  });
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line.endsWith('\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(NOT_SEEN);
    expect(line).toContain('ü 漢');
  }
});

it('what is escaped reads back as it was', () => {
  const [line = ''] = written('json', (log) => log.info({ container: HOSTILE }, HOSTILE));
  expect(JSON.parse(line)).toMatchObject({ level: 'info', container: HOSTILE, msg: HOSTILE });
});

it('a value that looks like fields of its own stays in quotes', () => {
  const [line = ''] = written('logfmt', (log) => log.info({ name: 'a level=fatal msg=x' }, 'y'));
  expect(line).toMatch(/ name="a level=fatal msg=x" msg=y\n$/);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHelp, labelBlock, labelPairs } from '../../src/metrics/label-text.js';
import { parseSample, samplesOf } from './exposition-lines.js';
import { exposition } from './rendering.js';
import { node, workload } from './states.js';

/** Strings of any UTF-16 units, with those that matter for the grammar more often than chance has them. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\',
        '"',
        '\n',
        '\r',
        '\t',
        '\0',
        '{',
        '}',
        ',',
        '=',
        ' ',
        '#',
        '\uD800',
        '\uDFFF',
        '\u2028',
        'n',
      ),
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

/** What arrives of a string: UTF-8 has no lone surrogates, and NUL is not let through. */
function printable(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\0', '\uFFFD');
}

test('a label value reads back as it was, whatever it is', () => {
  fc.assert(
    fc.property(hostile, hostile, (first, second) => {
      const { labels } = parseSample(`m${labelBlock(labelPairs(['first', 'second'], { first, second }))} 1`);
      const expected = Object.entries({ first, second }).filter(([, value]) => value !== '');
      expect(labels).toEqual(Object.fromEntries(expected.map(([name, value]) => [name, printable(value)])));
    }),
    { numRuns: 2000 },
  );
});

test('hostile names of workloads give one line each, through the native writer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(hostile, { maxLength: 8 }),
      fc.constantFrom('text', 'openmetrics'),
      async (names, format) => {
        const workloads = names.map((name, index) => workload(`w${index}`, { name }));
        const text = await exposition(node({ workloads }), format as 'text' | 'openmetrics');
        const printed = samplesOf(text).filter(({ name }) => name === 'gpu_workload_info');
        expect(printed.map(({ labels }) => labels.name ?? '')).toEqual(names.map(printable));
        expect(text).not.toContain('\0');
      },
    ),
    { numRuns: 200 },
  );
});

test('labels come in the declared order, and those without a value are left out', () => {
  expect(labelPairs(['b', 'a', 'c', 'd'], { a: 0, b: 'x', c: undefined, d: '' })).toBe('b="x",a="0"');
  expect(labelBlock(labelPairs(['a'], {}))).toBe('');
  expect(labelBlock('a="1"', '')).toBe('{a="1"}');
  expect(labelBlock('', 'b="2"')).toBe('{b="2"}');
  expect(labelBlock('a="1"', 'b="2"')).toBe('{a="1",b="2"}');
});

test('help escapes quotes in OpenMetrics only', () => {
  expect(escapeHelp('a "b"\\\n', 'text')).toBe('a "b"\\\\\\n');
  expect(escapeHelp('a "b"\\\n', 'openmetrics')).toBe('a \\"b\\"\\\\\\n');
});

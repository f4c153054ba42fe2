import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/native/load-addon.js';

const { Exposition } = loadAddon();

const line = (text: string, slot: number) => ({ text, openMetrics: text, slot });
const one = () =>
  new Exposition({ families: [{ headerText: '# t\n', headerOpenMetrics: '# o\n', lines: [line('a ', 0)] }] });
const shown = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

test('renders what it was given', () => {
  expect(shown(one().render(new Float64Array([1.5]), 'text', []))).toBe('# t\na 1.5\n');
  expect(shown(one().render(new Float64Array([1.5]), 'openmetrics', []))).toBe('# o\na 1.5\n# EOF\n');
  expect(one().lineCount).toBe(1);
});

describe('the memory it writes into', () => {
  const values = new Float64Array([1]);
  const long = [{ before: 0, text: `${'x'.repeat(1 << 20)}\n` }];

  test('is new unless some is offered, so that what somebody keeps stays as it was', () => {
    const exposition = one();
    const first = exposition.render(values, 'text', []);
    const second = exposition.render(new Float64Array([2]), 'text', []);
    expect(second.buffer).not.toBe(first.buffer);
    expect(shown(first)).toBe('# t\na 1\n');
    expect(exposition.render(values, 'text', [], first.buffer).buffer).toBe(first.buffer);
  });

  test('is new where the offered is too small, far too large or was transferred away', () => {
    const exposition = one();
    const { buffer } = exposition.render(values, 'text', []);
    const larger = exposition.render(values, 'text', long, buffer);
    expect(larger.buffer).not.toBe(buffer);
    expect(larger.byteLength).toBeGreaterThan(1 << 20);
    expect(exposition.render(values, 'text', [], larger.buffer).buffer.byteLength).toBeLessThan(1 << 10);
    structuredClone(null, { transfer: [buffer] });
    expect(shown(exposition.render(values, 'text', [], buffer))).toBe('# t\na 1\n');
  });
});

describe('refuses with a code', () => {
  const exposition = one();
  const values = new Float64Array(1);
  // Callers without types are who these checks are for.
  const render = exposition.render.bind(exposition) as (...args: unknown[]) => Uint8Array;
  const construct = Exposition as unknown as new (...args: unknown[]) => unknown;
  const refusal = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

  test.each<[string, () => unknown]>([
    ['too few values', () => render(new Float64Array(0), 'text', [])],
    ['values that are no doubles', () => render(new Float32Array(1), 'text', [])],
    ['values of another kind', () => render([1], 'text', [])],
    ['memory of another kind', () => render(values, 'text', [], new Uint8Array(1 << 10))],
    ['a format it does not know', () => render(values, 'json', [])],
    ['inserts that are no array', () => render(values, 'text', '')],
    ['an insert behind the last family', () => render(values, 'text', [{ before: 2, text: '' }])],
    [
      'inserts out of order',
      () =>
        render(
          values,
          'text',
          [1, 0].map((before) => ({ before, text: '' })),
        ),
    ],
    ['an insert without text', () => render(values, 'text', [{ before: 0 }])],
    ['no definition', () => new construct()],
    ['a definition without families', () => new construct({})],
    ['a family without lines', () => new construct({ families: [{ headerText: '', headerOpenMetrics: '' }] })],
    [
      'a negative slot',
      () => new construct({ families: [{ headerText: '', headerOpenMetrics: '', lines: [line('', -1)] }] }),
    ],
    [
      'a slot that is no whole number',
      () => new construct({ families: [{ headerText: '', headerOpenMetrics: '', lines: [line('', 0.5)] }] }),
    ],
  ])('%s', (_, attempt) => {
    expect(attempt).toThrow(expect.objectContaining(refusal));
  });
});

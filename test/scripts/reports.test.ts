import { describe, expect, test } from 'vitest';
import { countTap, sum } from '../../scripts/reports.mjs';

describe('counting TAP', () => {
  test('results, skips and todos of several streams', () => {
    const text = '1..3\nok 1 - a\nnot ok 2 - b\n# why\nok 3 - c # SKIP no driver\n1..1\nnot ok 1 - d # TODO later\n';
    expect(countTap(text)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  });

  test('a program that dies half-way has failed', () => {
    expect(countTap('1..3\nok 1 - a\n')).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test('a plan at the end counts as well', () => {
    expect(countTap('ok 1 - a\nok 2 - b\n1..2\n')).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });

  test('no plan at all, no output at all and a bail-out are failures', () => {
    expect(countTap('ok 1 - a\n').failed).toBe(1);
    expect(countTap('').failed).toBe(1);
    expect(countTap('1..1\nok 1 - a\nBail out! no memory\n').failed).toBe(1);
  });

  test('words that only begin like a result are not one', () => {
    expect(countTap('1..1\nok 1 - a\nokay then\n    not ok 1 - of a subtest\n')).toEqual({
      passed: 1,
      failed: 0,
      skipped: 0,
    });
  });

  test('sums', () => {
    const count = { passed: 1, failed: 2, skipped: 3 };
    expect(sum([count, count])).toEqual({ passed: 2, failed: 4, skipped: 6 });
  });
});

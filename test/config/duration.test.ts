import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDurationSeconds } from '../../src/config/duration.js';

describe('durations', () => {
  it.each([
    ['500ms', 0.5],
    ['10m', 600],
    ['1h30m', 5_400],
    ['1.5s', 1.5],
    ['2d', 172_800],
    ['0s', 0],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds);
  });

  it.each(['', '10', 's', '10 s', '-1s', '1e3s', '10S', '1h30', ' 1s'])('%j is none', (text) => {
    expect(parseDurationSeconds(text)).toBeUndefined();
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (milliseconds) => {
        expect(parseDurationSeconds(formatDuration(milliseconds / 1_000))).toBe(milliseconds / 1_000);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { Past, POINTS_KEPT, Series } from '../../src/health/past.js';

function seriesOf(values: readonly number[], spacing = 10): Series {
  const series = new Series(spacing);
  values.forEach((value, index) => {
    series.add(index * spacing, value);
  });
  return series;
}

describe('a series', () => {
  it('tells the growth of a counter within a window and over which time', () => {
    expect(seriesOf([5, 7, 10, 20]).rise(20)).toEqual({ increase: 13, seconds: 20 });
    expect(seriesOf([5, 7, 10, 20]).rise(1000)).toEqual({ increase: 15, seconds: 30 });
  });

  it('takes a fall for a reset and counts on from there', () => {
    expect(seriesOf([100, 103, 0, 4]).rise(1000)).toEqual({ increase: 7, seconds: 30 });
  });

  it('knows no growth of a single point, nor of one without another in the window', () => {
    expect(seriesOf([5]).rise(1000)).toBeUndefined();
    expect(seriesOf([5, 9]).rise(5)).toBeUndefined();
  });

  it('keeps points no nearer than its spacing, and only the newest', () => {
    const series = new Series(5);
    for (let second = 0; second < 10 * POINTS_KEPT; second++) series.add(second, second);
    expect(series.rise(1e9)).toEqual({ increase: 5 * (POINTS_KEPT - 1), seconds: 5 * (POINTS_KEPT - 1) });
  });

  it('finds the slope of a line and how well it fits', () => {
    expect(seriesOf([10, 30, 50, 70]).trend(1e9)).toEqual({ perSecond: 2, fit: 1, seconds: 30 });
    const zigzag = seriesOf([0, 100, 0, 100, 0, 100, 0]).trend(1e9);
    expect(zigzag?.perSecond).toBeCloseTo(0, 6);
    expect(zigzag?.fit).toBeLessThan(0.1);
    expect(seriesOf([1, 2]).trend(1e9)).toBeUndefined();
  });
});

it('a past forgets what nobody adds to any more', () => {
  const past = new Past(1);
  past.add(0, [['gone', 1]]);
  past.add(POINTS_KEPT, [['here', 1]]);
  expect(past.of('gone')).toBeDefined();
  past.add(POINTS_KEPT + 2, [['here', 2]]);
  expect(past.of('gone')).toBeUndefined();
  expect(past.of('here')?.rise(10)).toEqual({ increase: 1, seconds: 2 });
});

/** Points of a series that are kept. */
export const POINTS_KEPT = 180;

/** By how much a counter grew. */
export interface Rise {
  readonly increase: number;
  /** Time between the first and the last point that it is the growth of. */
  readonly seconds: number;
}

/** The last points of one number over time, at least so many seconds apart. Times are monotonic seconds. */
export class Series {
  private readonly times = new Float64Array(POINTS_KEPT);
  private readonly values = new Float64Array(POINTS_KEPT);
  private count = 0;
  private next = 0;

  constructor(private readonly spacingSeconds: number) {}

  /** Keeps a point, unless the last one is too near. */
  add(seconds: number, value: number): void {
    if (this.count > 0 && seconds - this.time(this.count - 1) < this.spacingSeconds) return;
    this.times[this.next] = seconds;
    this.values[this.next] = value;
    this.next = (this.next + 1) % POINTS_KEPT;
    this.count = Math.min(this.count + 1, POINTS_KEPT);
  }

  /** When it was added to last; undefined for an empty one. */
  get lastSeconds(): number | undefined {
    return this.count === 0 ? undefined : this.time(this.count - 1);
  }

  /**
   * Growth of a counter over the last `windowSeconds` before its newest point. Where it fell it was reset, and that
   * step counts for nothing (nvml.md §12: counters restart with a driver or a reset). Undefined with fewer than two points.
   */
  rise(windowSeconds: number): Rise | undefined {
    const from = this.firstSince(windowSeconds);
    if (from === undefined) return undefined;
    let increase = 0;
    for (let place = from + 1; place < this.count; place++) {
      increase += Math.max(0, this.value(place) - this.value(place - 1));
    }
    return { increase, seconds: this.time(this.count - 1) - this.time(from) };
  }

  /**
   * Slope of the straight line nearest to the points of the last `windowSeconds`, per second, and how much of their
   * movement it explains (coefficient of determination, 0–1). Undefined with fewer than three points.
   */
  trend(
    windowSeconds: number,
  ): { readonly perSecond: number; readonly fit: number; readonly seconds: number } | undefined {
    const from = this.firstSince(windowSeconds);
    if (from === undefined || this.count - from < 3) return undefined;
    const points = this.count - from;
    const origin = this.time(from);
    let sumTime = 0;
    let sumValue = 0;
    for (let place = from; place < this.count; place++) {
      sumTime += this.time(place) - origin;
      sumValue += this.value(place);
    }
    const meanTime = sumTime / points;
    const meanValue = sumValue / points;
    let together = 0;
    let ofTime = 0;
    let ofValue = 0;
    for (let place = from; place < this.count; place++) {
      const time = this.time(place) - origin - meanTime;
      const value = this.value(place) - meanValue;
      together += time * value;
      ofTime += time * time;
      ofValue += value * value;
    }
    if (ofTime === 0) return undefined;
    const fit = ofValue === 0 ? 1 : (together * together) / (ofTime * ofValue);
    return { perSecond: together / ofTime, fit, seconds: this.time(this.count - 1) - origin };
  }

  private firstSince(windowSeconds: number): number | undefined {
    if (this.count < 2) return undefined;
    const since = this.time(this.count - 1) - windowSeconds;
    let place = this.count - 1;
    while (place > 0 && this.time(place - 1) >= since) place--;
    return place === this.count - 1 ? undefined : place;
  }

  private time(place: number): number {
    return this.times[this.at(place)] as number;
  }

  private value(place: number): number {
    return this.values[this.at(place)] as number;
  }

  private at(place: number): number {
    return (this.next - this.count + place + POINTS_KEPT) % POINTS_KEPT;
  }
}

/** Series of one rule by key. Those that nobody adds to any more are forgotten when all their points are old. */
export class Past {
  private readonly series = new Map<string, Series>();

  constructor(private readonly spacingSeconds: number) {}

  /** The series of this key; undefined when nothing was kept under it. */
  of(key: string): Series | undefined {
    return this.series.get(key);
  }

  /** Takes in the points of one state. */
  add(seconds: number, points: Iterable<readonly [key: string, value: number]>): void {
    for (const [key, value] of points) {
      let series = this.series.get(key);
      if (series === undefined) {
        series = new Series(this.spacingSeconds);
        this.series.set(key, series);
      }
      series.add(seconds, value);
    }
    const longAgo = seconds - this.spacingSeconds * POINTS_KEPT;
    for (const [key, one] of this.series) if ((one.lastSeconds ?? 0) < longAgo) this.series.delete(key);
  }
}

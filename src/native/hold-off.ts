/** A GPU handed back by `release`, or all of them. */
export interface HoldOff {
  readonly gpu: 'all' | number;
  readonly sinceSeconds: number;
  /** When it is taken up again by itself; undefined = at `resume`. Seconds of the process clock. */
  readonly untilSeconds: number | undefined;
}

/** Adds one; an earlier one for the same GPU is replaced, and `all` replaces every single one. */
export function withHoldOff(held: readonly HoldOff[], added: HoldOff): readonly HoldOff[] {
  const others = added.gpu === 'all' ? [] : held.filter((one) => one.gpu !== added.gpu);
  return [...others, added];
}

/** Removes the hold-off of one GPU, or every one with `all`. */
export function withoutHoldOff(held: readonly HoldOff[], gpu: 'all' | number): readonly HoldOff[] {
  return gpu === 'all' ? [] : held.filter((one) => one.gpu !== gpu);
}

/** Those that still hold at `nowSeconds`. */
export function current(held: readonly HoldOff[], nowSeconds: number): readonly HoldOff[] {
  return held.every((one) => holds(one, nowSeconds)) ? held : held.filter((one) => holds(one, nowSeconds));
}

function holds(one: HoldOff, nowSeconds: number): boolean {
  return one.untilSeconds === undefined || one.untilSeconds > nowSeconds;
}

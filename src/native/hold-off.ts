import { type GpuIdentity, isSameGpu } from '../model/gpu-identity.js';

/** A GPU handed back by `release`, or all of them. It stands although the driver may not have the GPU meanwhile. */
export interface HoldOff {
  readonly gpu: 'all' | GpuIdentity;
  readonly sinceSeconds: number;
  /** When it is taken up again by itself; undefined = at `resume`. Seconds of the process clock. */
  readonly untilSeconds: number | undefined;
}

/** Adds one; an earlier one for the same GPU is replaced, and `all` replaces every single one. */
export function withHoldOff(held: readonly HoldOff[], added: HoldOff): readonly HoldOff[] {
  // An earlier one of all together stands.
  const others = withoutHoldOff(held, added.gpu);
  return [...others, added];
}

/** Removes the hold-off of one GPU, or every one with `all`. */
export function withoutHoldOff(held: readonly HoldOff[], gpu: 'all' | GpuIdentity): readonly HoldOff[] {
  return gpu === 'all' ? [] : held.filter((one) => !isHoldOffOf(one, gpu));
}

/** Whether it is of this GPU, and not of all together. */
export function isHoldOffOf({ gpu: held }: HoldOff, gpu: GpuIdentity): boolean {
  return held !== 'all' && isSameGpu(held, gpu);
}

/** Those that still hold at `nowSeconds`. */
export function current(held: readonly HoldOff[], nowSeconds: number): readonly HoldOff[] {
  return held.every((one) => holds(one, nowSeconds)) ? held : held.filter((one) => holds(one, nowSeconds));
}

function holds(one: HoldOff, nowSeconds: number): boolean {
  return one.untilSeconds === undefined || one.untilSeconds > nowSeconds;
}

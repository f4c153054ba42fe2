import { describe, expect, it } from 'vitest';
import { type GpuIdentity, isSameGpu } from '../../src/model/gpu-identity.js';

const gpu = (index: number | undefined, uuid?: string, pciBusId?: string): GpuIdentity => ({ index, uuid, pciBusId });
const A = 'GPU-a';
const B = 'GPU-b';
const AT_1 = '0000:01:00.0';
const AT_2 = '0000:02:00.0';

/** One GPU, another, and whether they are the same. Each row holds in both directions. */
const ROWS: readonly (readonly [string, GpuIdentity, GpuIdentity, boolean])[] = [
  ['UUID decides, wherever both stand', gpu(0, A, AT_1), gpu(3, A, AT_2), true],
  ['UUID decides against address and index', gpu(0, A, AT_1), gpu(0, B, AT_1), false],
  ['the address decides while one UUID is not known', gpu(0, A, AT_1), gpu(2, undefined, AT_1), true],
  ['the address decides against the index', gpu(1, A, AT_1), gpu(1, undefined, AT_2), false],
  ['names of different kinds at one index say nothing', gpu(1, A), gpu(1, undefined, AT_1), false],
  ['names of different kinds at two indexes say nothing', gpu(1, A), gpu(2, undefined, AT_1), false],
  ['an index alone means who stands there', gpu(1), gpu(1, A, AT_1), true],
  ['an index alone means who stands there, whatever its name', gpu(1), gpu(1, undefined, AT_1), true],
  ['an index alone is no other index', gpu(1), gpu(2, A, AT_1), false],
  ['indexes alone are compared', gpu(1), gpu(1), true],
  ['of nothing nothing is known', gpu(undefined), gpu(undefined), false],
];

describe('whether two are one GPU', () => {
  it.each(ROWS)('%s', (_, a, b, same) => {
    expect(isSameGpu(a, b)).toBe(same);
    expect(isSameGpu(b, a)).toBe(same);
  });
});

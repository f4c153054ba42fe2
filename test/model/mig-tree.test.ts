import { expect, it } from 'vitest';
import { type Cut, type MigTree, migTree, type PlacedInstance } from '../../src/model/mig-tree.js';

interface Instance extends PlacedInstance {
  readonly cut: Partial<Cut>;
}

const instance = (
  uuid: string,
  gpuInstance: number | undefined,
  computeInstance: number,
  cut: Partial<Cut> = {},
  profile = '3g.40gb',
): Instance => ({
  uuid,
  gpuInstance,
  computeInstance,
  profile,
  cut,
});

function tree(instances: readonly Instance[], profileSlices: readonly number[] = [1, 2, 3, 4, 7]): MigTree<Instance> {
  const unknown: Cut = { start: undefined, size: undefined, gpuSlices: undefined, computeSlices: undefined };
  return migTree(instances, ({ cut }) => ({ ...unknown, ...cut }), profileSlices);
}

it('puts compute instances under their GPU instance, by place and by id', () => {
  const { memorySlices, gpuInstances } = tree([
    instance('b', 1, 1, { start: 4, size: 4 }, '1c.3g.40gb'),
    instance('a', 1, 0, { start: 4, size: 4 }, '1c.3g.40gb'),
    instance('c', 2, 0, { start: 0, size: 4 }),
  ]);
  expect(memorySlices).toBe(8);
  expect(
    gpuInstances.map(({ id, profile, computeInstances }) => [id, profile, computeInstances.map(({ uuid }) => uuid)]),
  ).toEqual([
    [2, '3g.40gb', ['c']],
    [1, '3g.40gb', ['a', 'b']],
  ]);
});

it('keeps instances apart of which nobody knows in whose GPU instance they are', () => {
  expect(tree([instance('a', undefined, 0), instance('b', undefined, 0)]).gpuInstances).toHaveLength(2);
});

it.each([
  [[1, 2, 4], 4],
  [[1, 2, 3, 4, 7], 8],
  [[], undefined],
])('with profiles of %j compute slices there are %s memory slices', (slices, expected) => {
  expect(tree([], slices).memorySlices).toBe(expected);
});

import { expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { OWN_FAMILIES } from '../../src/metrics/own-families.js';
import { PROMISED, TO_COME } from './rows.js';

const promised = Object.values(PROMISED).flat();
const there = new Set([...FAMILIES, ...Object.values(OWN_FAMILIES)].map(({ name }) => name));

test('every promised metric is in the catalogue, or it is said what will bring it', () => {
  expect(promised.filter((name) => !there.has(name)).sort()).toEqual(Object.keys(TO_COME).sort());
});

test('no metric is promised twice', () => {
  expect(promised.filter((name, index) => promised.indexOf(name) !== index)).toEqual([]);
});

import { expect, test } from 'vitest';
import { originText } from '../../src/metrics/origin-text.js';

test.each([
  [['FI 82'], 'field id 82'],
  [['FI 3', 'FI 1', 'FI 2', 'FI 9', 'FI 2'], 'field ids 1-3, 9'],
  [['GPM 5', 'GPM 6', 'FI 9', 'nvmlDeviceGetX', 'nvmlDeviceGetX'], 'nvmlDeviceGetX, field id 9, GPM metrics 5-6'],
  [['FI 269 (575-589: 251)'], 'field id 269 (575-589: 251)'],
  [[], ''],
])('%j is said as %s', (origins, text) => {
  expect(originText(origins)).toBe(text);
});

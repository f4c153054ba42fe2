import { describe, expect, test } from 'vitest';
import { selectFamilies } from '../../src/metrics/selection.js';
import { samplesOf } from './exposition-lines.js';
import { exposition } from './rendering.js';
import { ALL_READINGS, gpu, node, readings } from './states.js';

const STATE = node({ gpus: [gpu(0, { readings: readings(ALL_READINGS) })] });
const places = async (options: object) =>
  samplesOf(await exposition(STATE, 'text', options))
    .filter(({ name }) => name === 'gpu_ecc_errors_total')
    .map(({ labels }) => labels.location);

describe('lines that are off by default', () => {
  test('come when their family is asked for by name, beside those that are on', async () => {
    expect(await places({})).toEqual(['all', 'all']);
    const whole = await places({ enabledFamilies: ['gpu_ecc_errors_total'] });
    expect(whole.slice(0, 2)).toEqual(['all', 'all']);
    expect(whole).toEqual(expect.arrayContaining(['dram', 'sram', 'cbu']));
  });

  test('do not come back when the family is not wanted', async () => {
    const name = 'gpu_ecc_errors_total';
    expect(await places({ enabledFamilies: [name], disabledFamilies: [name] })).toEqual([]);
  });
});

test('a family that is off by default comes by name, and none by a name that none has', () => {
  const names = (enabledFamilies: readonly string[]) => selectFamilies({ enabledFamilies }).map(({ name }) => name);
  expect(names([])).not.toContain('gpu_nvlink_up');
  expect(names(['gpu_nvlink_up'])).toContain('gpu_nvlink_up');
  expect(() => names(['gpu_nvlink'])).toThrow("no metric family is named 'gpu_nvlink'");
});

import { expect, test } from 'vitest';
import { absenceText, missingByCause, unaskedReason } from '../../src/model/absence.js';
import { reasonName } from '../../src/model/readings.js';

/** Every status a reading can have but those that are there, and those NVML has no name for. */
const STATUSES = Array.from({ length: 255 }, (_, index) => index + 1);
const UNASKED = ['gpu_not_read', 'single_links_off', 'not_asked_yet'];

test('every reason names one cause: no text leaves the reader a choice', () => {
  const reasons = [...STATUSES.map(reasonName), ...UNASKED];
  for (const reason of reasons)
    expect([reason, absenceText(reason)]).toEqual([reason, expect.not.stringMatching(/\bor\b/)]);
});

test('each reason of ours has words of its own, and only NVML’s are shown by name', () => {
  const ours = STATUSES.filter((status) => status > 200 && !reasonName(status).startsWith('code_')).map(reasonName);
  const texts = [...ours, ...UNASKED].filter((reason) => reason !== 'not_asked').map((reason) => absenceText(reason));
  expect(new Set(texts).size).toBe(texts.length);
  for (const text of texts) expect(text).not.toMatch(/^the driver answered /);
  expect(absenceText('corrupted_inforom')).toBe('the driver answered corrupted_inforom');
});

test('what a reading needs is told where the GPU or its driver is the cause, and nowhere else', () => {
  expect(absenceText('not_supported', 'Hopper or newer')).toMatch(/; needed: Hopper or newer$/);
  expect(absenceText('branch_too_old', 'drivers 590 and newer')).toMatch(/; needed: drivers 590 and newer$/);
  expect(absenceText('no_permission', 'Hopper or newer')).not.toContain('Hopper');
});

test('nobody asks for readings of a GPU that is not read, of single links while they are off, and before their time', () => {
  expect(unaskedReason({ condition: 'lost', isOfLink: true })).toBe('gpu_not_read');
  expect(unaskedReason({ condition: 'up', isOfLink: true })).toBe('single_links_off');
  expect(unaskedReason({ condition: 'up', isOfLink: false })).toBe('not_asked_yet');
});

test('readings that are missing for one cause stand together', () => {
  const missing = (id: string, reason: string, needs?: string) => ({ id, reason, needs });
  const lines = missingByCause([
    missing('a', 'not_supported', 'Hopper'),
    missing('b', 'mig_off'),
    missing('c', 'not_supported'),
    missing('d', 'not_supported', 'Hopper'),
  ]);
  expect(lines.map((line) => line.split(': ').at(-1))).toEqual(['a, d', 'b', 'c']);
});

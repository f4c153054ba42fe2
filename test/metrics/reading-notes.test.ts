import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { readingNotes } from '../../src/metrics/reading-notes.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
} from '../../src/model/readings.js';

const OWNERS = {
  gpu: GPU_READINGS,
  mig: MIG_INSTANCE_READINGS,
  nvlink: NVLINK_READINGS,
  c2c: CHIP_LINK_READINGS,
  fan: FAN_SPEED_READINGS,
  peer: PEER_GPU_READINGS,
} as const;

it.each(Object.entries(OWNERS))(
  'every reading of %s has a meaning, and its metric is one there is',
  (owner, { rows }) => {
    const names = new Set(FAMILIES.map(({ name }) => name));
    for (const { id } of rows) {
      const note = readingNotes(owner as keyof typeof OWNERS, id);
      expect([id, note?.meaning]).toEqual([id, expect.stringMatching(/\w/)]);
      if (note?.metric !== undefined) expect(names).toContain(note.metric.replace(/\{.*$/, ''));
    }
  },
);

it('a reading that is one line of a family is named with its labels', () => {
  expect(readingNotes('gpu', 'clock_sm_hertz')?.metric).toBe('gpu_clock_hertz{domain="sm"}');
  expect(readingNotes('gpu', 'power_watts')?.metric).toMatch(/^gpu_power_watts\b/);
});

it('numbers that are names have words, masks one for each bit, amounts none', () => {
  const words = (id: string, value: number) => readingNotes('gpu', id)?.wordsOf?.(value);
  expect(words('compute_mode', 3)).toBe('exclusive_process');
  expect(words('clocks_event_reasons', 0b101)).toBe('gpu_idle, sw_power_cap');
  expect(words('clocks_event_reasons', 0)).toBeUndefined();
  expect(words('memory_used_bytes', 1)).toBeUndefined();
  expect(words('fabric_health_summary', 1)).toBe('healthy');
  expect(readingNotes('nvlink', 'state')?.wordsOf?.(2)).toBe('asleep');
});

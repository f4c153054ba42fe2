import { expect, it } from 'vitest';
import { paint } from '../../src/cli/paint.js';
import { labelsText } from '../../src/cli/part-readings.js';
import { readingGroups } from '../../src/cli/reading-groups.js';
import { readingText } from '../../src/cli/reading-text.js';
import { width } from '../../src/cli/text.js';
import type { ExplainedReadingView } from '../../src/http/documents/explained-reading.js';
import { readingNotes } from '../../src/metrics/reading-notes.js';

it.each([
  ['memory_used_bytes', 'bytes', 1.5 * 2 ** 30, '1.50 GiB'],
  ['pcie_link_speed_bytes_per_second', 'bytes', 2e9, '2 GB/s'],
  ['clock_sm_hertz', 'hertz', 1.397e9, '1,397 MHz'],
  ['power_watts', 'watts', 166.714, '167 W'],
  ['power_watts', 'watts', 26.124, '26.1 W'],
  ['energy_joules_total', 'joules', 424e6, '424 MJ'],
  ['encoder_average_latency_seconds', 'seconds', 0.0123, '12.3 ms'],
  ['busy_seconds_total', 'seconds', 3_600, '60 min'],
  ['utilization_ratio', 'ratio', 0.375, '37.5 %'],
  ['ecc_mode_enabled', 'bool', 0, 'no'],
  ['pcie_link_width_lanes', 'lanes', 16, 'x16'],
  ['clocks_event_reasons', 'mask', 0, 'none'],
  ['supported_event_types', 'mask', 0x3f1f, '0x3f1f'],
  ['cuda_cores', 'count', 16_896, '16,896'],
  ['temperature_celsius', 'celsius', 41, '41 °C'],
])('%s in %s: %s is %s', (id, unit, value, text) => {
  expect(readingText({ id, unit }, value)).toBe(text);
});

it('numbers one after the other are a range, others stand alone', () => {
  expect(labelsText(['0', '1', '2', '5', '7', '8'])).toBe('0–2, 5, 7, 8');
  expect(labelsText(['2/0', '3/0'])).toBe('2/0, 3/0');
});

it('fit a narrow terminal also when a value is many words', () => {
  const row = {
    cadence: 'cycle',
    everySeconds: 1,
    meaning: 'x',
    origin: 'nvmlDeviceGetCurrentClocksEventReasons',
  } as const;
  const readings: ExplainedReadingView[] = [
    {
      ...row,
      id: 'clocks_event_reasons',
      unit: 'mask',
      value: 5,
      words: 'gpu_idle, sw_power_cap, hw_thermal_slowdown',
    },
    { ...row, id: 'clocks_event_hw_power_brake_slowdown_seconds_total', unit: 'seconds', value: 3 },
  ];
  const lines = readingGroups(readings, readingNotes, 80, paint(false));
  expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(80);
  expect(readingGroups(readings, readingNotes, 140, paint(false)).join('\n')).toContain(
    'gpu_idle, sw_power_cap, hw_thermal_slowdown',
  );
});

it('say on a narrow terminal what they are and where they come from in full, once for those that have it in common', () => {
  const clock = {
    cadence: 'cycle',
    everySeconds: 1,
    unit: 'hertz',
    meaning: 'Current clock',
    origin: 'nvmlDeviceGetClockInfo',
  } as const;
  const readings: ExplainedReadingView[] = [
    { ...clock, id: 'clock_sm_hertz', value: 1.38e9 },
    { ...clock, id: 'clock_memory_hertz', value: 1.215e9 },
    { ...clock, id: 'clock_memory_max_hertz', value: 1.6e9, origin: 'nvmlDeviceGetMaxClockInfo', everySeconds: 3600 },
  ];
  expect(readingGroups(readings, readingNotes, 80, paint(false)).slice(2)).toEqual([
    'READING                     VALUE',
    'clock_sm_hertz          1,380 MHz',
    'clock_memory_hertz      1,215 MHz',
    '    Current clock · nvmlDeviceGetClockInfo, every 1 s',
    'clock_memory_max_hertz  1,600 MHz',
    '    Current clock · nvmlDeviceGetMaxClockInfo, every 1 h',
  ]);
});

import { bytesText, spanText } from '../model/quantity.js';

/** What a reading is counted in, and what its numbers stand for. */
export interface ReadingKind {
  readonly id: string;
  readonly unit: string;
  readonly words?: string | undefined;
}

const DECIMAL_PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** A number with a unit that takes decimal prefixes: `1.75 GB`. */
function prefixed(value: number, unit: string): string {
  let size = value;
  let step = 0;
  while (Math.abs(size) >= 999.5 && step < DECIMAL_PREFIXES.length - 1) {
    size /= 1_000;
    step += 1;
  }
  return `${figures(size)} ${DECIMAL_PREFIXES[step]}${unit}`;
}

/** At most four figures, without zeros that say nothing. */
function figures(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4)));
}

function seconds(value: number, id: string): string {
  if (id.includes('timestamp')) return new Date(value * 1_000).toISOString();
  if (value !== 0 && value < 0.001) return `${figures(value * 1e6)} µs`;
  if (value < 1) return `${figures(value * 1_000)} ms`;
  return value < 120 ? `${figures(value)} s` : spanText(value);
}

/** The value of a reading as a person reads it; numbers that are names show as their words. */
export function readingText({ id, unit, words }: ReadingKind, value: number): string {
  switch (unit) {
    case 'bytes':
      return id.endsWith('_per_second') ? `${prefixed(value, 'B')}/s` : bytesText(value);
    case 'hertz':
      // The unit clocks are set in and every tool shows; a prefix more would hide the last steps.
      return `${(value / 1e6).toLocaleString('en-US')} MHz`;
    case 'watts':
      return `${figures(value)} W`;
    case 'joules':
      return prefixed(value, 'J');
    case 'celsius':
      return `${figures(value)} °C`;
    case 'seconds':
      return seconds(value, id);
    case 'ratio':
      return `${figures(value * 100)} %`;
    case 'bool':
      return value === 0 ? 'no' : 'yes';
    case 'lanes':
      return `x${value}`;
    case 'mask':
      return words ?? (value === 0 ? 'none' : `0x${value.toString(16)}`);
    case 'enum':
    case 'ordinal':
      return words ?? String(value);
    default:
      return Number.isInteger(value) ? value.toLocaleString('en-US') : figures(value);
  }
}

/** How often a reading is asked, in words that fit a column. */
export function everyText(everySeconds: number): string {
  return everySeconds >= 3_600
    ? `${everySeconds / 3_600} h`
    : everySeconds >= 60
      ? `${everySeconds / 60} min`
      : `${figures(everySeconds)} s`;
}

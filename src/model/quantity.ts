/** Stands where a value is not known. */
export const UNKNOWN = '–';

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Three figures, which is what fits a column and what a person compares. */
function threeFigures(value: number): string {
  return value >= 99.95 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2);
}

/** Bytes as `1.50 GiB`. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return UNKNOWN;
  let value = bytes;
  let unit = 0;
  while (value >= 1_023.5 && unit < BINARY_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value.toFixed(0) : threeFigures(value)} ${BINARY_UNITS[unit]}`;
}

/** Used of total, as `1.50 / 80 GiB` when both have one unit; one dash when neither is known. */
export function usedOfText(used: number | undefined, total: number | undefined): string {
  if (used === undefined && total === undefined) return UNKNOWN;
  const [usedText, totalText] = [bytesText(used), bytesText(total)];
  const unit = totalText.split(' ')[1];
  if (used === undefined || total === undefined || unit === undefined) return `${usedText} / ${totalText}`;
  // Nothing used has no unit of its own; it takes the other one.
  if (used === 0) return `0 / ${totalText}`;
  return usedText.endsWith(` ${unit}`) ? `${usedText.split(' ')[0]} / ${totalText}` : `${usedText} / ${totalText}`;
}

/** A ratio from 0 to 1 as `50 %`. */
export function percentText(ratio: number | undefined): string {
  return ratio === undefined ? UNKNOWN : `${Math.round(ratio * 100)} %`;
}

/** A whole number with its unit. */
export function roundedText(value: number | undefined, unit: string): string {
  return value === undefined ? UNKNOWN : `${Math.round(value)} ${unit}`;
}

/** A span as a person says it: `45 s`, `12 min`, `3 h 20 min`, `5 d 2 h`. */
export function spanText(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * A number as both formats take it: shortest digits, whole numbers up to 2^53 without exponent, infinities spelled
 * `+Inf` and `-Inf` (OpenMetrics 1.0.0, "Numbers").
 */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

/**
 * A histogram bound as the value of its `le` label. OpenMetrics wants `1.0` rather than `1`; the text format gets the
 * same, or a series would change its identity with the format that was negotiated.
 */
export function boundText(bound: number): string {
  const text = numberText(bound);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

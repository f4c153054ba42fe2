/** Whether something grows: a straight line through what was weighed. */

/**
 * Growth over the whole range of `at`, by least squares.
 * @param {readonly number[]} at
 * @param {readonly number[]} values
 */
export function growth(at, values) {
  const mean = (/** @type {readonly number[]} */ list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [x, y] = [mean(at), mean(values)];
  const covariance = at.reduce((sum, one, i) => sum + (one - x) * ((values[i] ?? y) - y), 0);
  const variance = at.reduce((sum, one) => sum + (one - x) ** 2, 0);
  return (covariance / variance) * (Math.max(...at) - Math.min(...at));
}

/**
 * A count is flat when the later half of the run never had more than the earlier one.
 * @param {readonly number[]} values
 */
export function isFlat(values) {
  const half = Math.floor(values.length / 2);
  return Math.max(...values.slice(half)) <= Math.max(...values.slice(0, half));
}

/**
 * The least of every few values, with the place it was found at: a collector leaves now more, now fewer pages, but what
 * is really held is in all of them.
 * @param {readonly number[]} at
 * @param {readonly number[]} values
 * @param {number} size values that one is taken of
 */
export function lows(at, values, size) {
  const groups = Array.from({ length: Math.floor(values.length / size) }, (_, group) => {
    const part = values.slice(group * size, (group + 1) * size);
    const least = part.reduce((a, b) => Math.min(a, b));
    return { at: at[group * size + part.indexOf(least)] ?? 0, value: least };
  });
  return { at: groups.map((group) => group.at), values: groups.map(({ value }) => value) };
}

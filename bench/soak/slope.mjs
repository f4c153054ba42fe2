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

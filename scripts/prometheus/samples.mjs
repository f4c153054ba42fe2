/** Samples as an exposition writes them, and as Prometheus gives them back. */

/** Labels that Prometheus adds to what it scrapes, with ours for the scenario. */
const ADDED = new Set(['__name__', 'instance', 'job', 'scenario']);
const SHOWN = 10;

/** @param {Readonly<Record<string, string>>} labels */
const labelText = (labels) =>
  Object.entries(labels)
    .filter(([name]) => !ADDED.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');

/**
 * One line of the text format.
 * @param {string} line
 * @returns {{ series: string, value: number }}
 */
function parse(line) {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name, labels = '', value] = match;
  /** @type {Record<string, string>} */
  const parsed = {};
  for (const [, label, text] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    parsed[String(label)] = String(text).replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return { series: `${name}{${labelText(parsed)}}`, value: Number(value) };
}

/**
 * @param {readonly string[]} lines of the text format
 * @param {readonly import('./server.mjs').Sample[]} samples
 * @returns {readonly string[]} what is not there, is too much or has another value; none when alike
 */
export function missingSamples(lines, samples) {
  // OpenMetrics, which Prometheus asks for, also tells when a counter was created.
  const told = samples.filter(({ metric }) => !metric.__name__?.endsWith('_created'));
  const got = new Map(told.map(({ metric, value }) => [`${metric.__name__}{${labelText(metric)}}`, Number(value[1])]));
  const problems = [];
  for (const { series, value } of lines.map(parse)) {
    const there = got.get(series);
    got.delete(series);
    if (!Object.is(there, value)) problems.push(`${series}: exposed ${value}, in Prometheus ${there ?? 'missing'}`);
  }
  for (const series of got.keys()) problems.push(`${series}: in Prometheus, but not exposed`);
  return problems.length > SHOWN ? [...problems.slice(0, SHOWN), `… and ${problems.length - SHOWN} more`] : problems;
}

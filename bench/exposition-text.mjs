/** The text format of Prometheus, taken apart as far as what an agent writes needs it. */

/**
 * @typedef {object} Sample
 * @property {string} name of the series: of a histogram's parts, the family's and a suffix
 * @property {Record<string, string>} labels
 * @property {number} value
 */

/**
 * @typedef {object} TextFamily
 * @property {string} name
 * @property {string} type
 * @property {string} help
 * @property {Sample[]} samples
 */

/** @param {string} text */
const unescaped = (text) => text.replace(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign));

/**
 * @param {string} text
 * @returns {TextFamily[]}
 */
export function parseText(text) {
  /** @type {TextFamily[]} */
  const families = [];
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\w+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') families.push({ name, type: 'untyped', help: unescaped(rest), samples: [] });
    const family = families.at(-1);
    if (family === undefined || line === '') continue;
    if (keyword === 'TYPE') family.type = rest;
    const [, series, inner = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (series === undefined || line.startsWith('#')) continue;
    const pairs = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, of = '']) => [key, unescaped(of)]);
    family.samples.push({ name: series, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return families;
}

/**
 * The series of a text with their values, in an order of its own: two texts with the same list say the same.
 * @param {string} text
 * @returns {string[]}
 */
export function seriesOf(text) {
  return parseText(text)
    .flatMap(({ type, samples }) =>
      samples.map(
        ({ name, labels, value }) => `${type} ${name} ${JSON.stringify(Object.entries(labels).sort())} ${value}`,
      ),
    )
    .sort();
}

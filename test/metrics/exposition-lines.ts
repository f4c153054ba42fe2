/** One sample of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

const UNESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/**
 * Reads a sample line by the grammar of the text format, written here a second time. Throws for a line that is none.
 */
export function parseSample(line: string): Sample {
  const whole = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
  if (whole === null) throw new Error(`no sample: ${JSON.stringify(line)}`);
  const [, name = '', inner = '', value = ''] = whole;
  const labels: Record<string, string> = {};
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;
  while (label.lastIndex < inner.length) {
    const found = label.exec(inner);
    if (found === null) throw new Error(`bad labels: ${JSON.stringify(line)}`);
    labels[found[1] ?? ''] = (found[2] ?? '').replace(/\\[\\"n]/g, (pair) => UNESCAPED[pair] as string);
  }
  return { name, labels, value };
}

/** All samples of an exposition. Lines are what line feeds separate, nothing else. */
export function samplesOf(exposition: string): readonly Sample[] {
  return exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseSample);
}

/** Values of one family's samples whose labels include the given ones. */
export function valuesOf(
  exposition: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly string[] {
  return samplesOf(exposition)
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .map(({ value }) => value);
}

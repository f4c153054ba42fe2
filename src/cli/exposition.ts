/** One sample of a metric family. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A number, or `NaN`, `+Inf`, `-Inf` as the format spells them: JSON has no numbers for these. */
  readonly value: number | string;
}

/** A metric family as the text format gives it. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const SAMPLE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** Reads text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), for `metrics --json`. */
export function readExposition(text: string): Family[] {
  const families: (Omit<Family, 'samples'> & { type: string; help: string; samples: Sample[] })[] = [];
  const familyOf = (name: string) => {
    const last = families.at(-1);
    // Samples of a histogram or summary carry the family's name with a suffix.
    if (last !== undefined && (last.name === name || /^_(?:bucket|sum|count)$/.test(suffix(name, last.name))))
      return last;
    const family = { name, type: 'untyped', help: '', samples: [] as Sample[] };
    families.push(family);
    return family;
  };
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment !== null) {
      const family = familyOf(comment[2] as string);
      if (comment[1] === 'HELP') family.help = unescaped(comment[3] as string);
      else family.type = comment[3] as string;
      continue;
    }
    const sample = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (sample === null) continue;
    const labels = [...(sample[2] ?? '').matchAll(LABEL)].map(([, key, value]) => [key, unescaped(value as string)]);
    const value = Number(sample[3]);
    familyOf(sample[1] as string).samples.push({
      name: sample[1] as string,
      labels: Object.fromEntries(labels),
      value: Number.isFinite(value) ? value : (sample[3] as string),
    });
  }
  return families;
}

const suffix = (name: string, family: string) => (name.startsWith(family) ? name.slice(family.length) : '');

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (both, character: string) => ESCAPES[character] ?? both);
}

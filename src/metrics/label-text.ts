import type { Labels } from './family.js';

/**
 * Characters that a label value must not keep: lone surrogates have no UTF-8 form, and Prometheus' scanner takes NUL
 * for the end of the exposition. Names of containers and processes come from people who need not mean well.
 */
const UNPRINTABLE = /\p{Surrogate}|\0/gu;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** Whether there is anything to replace or escape; nearly all values are plain. */
const SPECIAL = /[\\"\n\0]|\p{Surrogate}/u;

/** A label value between its quotes (both formats: backslash, quote and line feed are escaped, nothing else). */
export function escapeLabelValue(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(UNPRINTABLE, '\uFFFD').replace(/[\\"\n]/g, (character) => ESCAPES[character] as string);
}

/** A help text on its line. OpenMetrics escapes quotes too, the text format leaves them. */
export function escapeHelp(help: string, format: 'text' | 'openmetrics'): string {
  const clean = help.replace(UNPRINTABLE, '\uFFFD');
  return clean.replace(format === 'text' ? /[\\\n]/g : /[\\"\n]/g, (character) => ESCAPES[character] as string);
}

/** `a="1",b="2"` in the order of `names`; empty when no label has a value. */
export function labelPairs(names: readonly string[], labels: Labels): string {
  let text = '';
  for (const name of names) {
    const value = labels[name];
    if (value === undefined || value === '') continue;
    text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(String(value))}"`;
  }
  return text;
}

/** What stands between a sample's name and its value, of pairs that may be empty. */
export function labelBlock(first: string, second = ''): string {
  const pairs = first === '' || second === '' ? first + second : `${first},${second}`;
  return pairs === '' ? '' : `{${pairs}}`;
}

import type { MetricsFormat } from './family.js';
import { type Heading, headerText } from './header.js';
import { labelBlock, labelPairs } from './label-text.js';
import { boundText, numberText } from './number-text.js';

/** A family as prom-client hands it out in `getMetricsAsJSON()`. */
export interface CollectedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    /** Name of the sample where it is not the family's, for the parts of histograms. */
    readonly metricName?: string | undefined;
  }[];
}

/** A family in its final form: complete lines. */
export interface RenderedFamily {
  readonly name: string;
  readonly text: string;
}

const TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'];

type SampleLabels = CollectedFamily['values'][number]['labels'];

/** What stands between a sample's name and its value. */
interface LabelText {
  /** Without the bound of a histogram: the parts of one histogram are a group. */
  readonly group: string;
  readonly block: string;
}

function labelText(labels: SampleLabels): LabelText {
  const { le, ...others } = labels;
  const pairs = labelPairs(Object.keys(others), others);
  const group = labelBlock(pairs);
  if (le === undefined) return { group, block: group };
  const bound = labelPairs(['le'], { le: typeof le === 'number' ? boundText(le) : le });
  return { group, block: labelBlock(bound, pairs) };
}

/** prom-client keeps the labels of a counter or gauge as long as the series: their text is made once. */
const KNOWN = new WeakMap<SampleLabels, LabelText>();

function knownLabelText(labels: SampleLabels): LabelText {
  const known = KNOWN.get(labels);
  if (known !== undefined) return known;
  const text = labelText(labels);
  KNOWN.set(labels, text);
  return text;
}

/** Headers by format and name; a process has some forty families. */
const HEADERS: Readonly<Record<MetricsFormat, Map<string, string>>> = { text: new Map(), openmetrics: new Map() };

function knownHeader(heading: Heading, format: MetricsFormat): string {
  const known = HEADERS[format].get(heading.name);
  if (known !== undefined) return known;
  const text = headerText(heading, format);
  HEADERS[format].set(heading.name, text);
  return text;
}

/**
 * Writes collected families in a format, sorted by name; a family without samples is left out. prom-client's own
 * OpenMetrics writer renames counters in its registry and would spoil every text scrape that follows
 * (prom-client 15.1.3), so that only its numbers are used.
 */
export function renderCollected(
  families: readonly CollectedFamily[],
  format: MetricsFormat,
): readonly RenderedFamily[] {
  const rendered: RenderedFamily[] = [];
  for (const { name, help, type, values } of families) {
    // NaN is how prom-client says that nothing was observed.
    const present = values.filter(({ value }) => !Number.isNaN(value));
    if (present.length === 0 || !TYPES.includes(type)) continue;
    const samples = present.map(({ value, labels, metricName }) => {
      const { group, block } = type === 'histogram' ? labelText(labels) : knownLabelText(labels);
      return { group, line: `${metricName ?? name}${block} ${numberText(value)}\n` };
    });
    // The parts of one histogram stay together and in their order: the sort is stable.
    if (samples.length > 1) samples.sort((a, b) => (a.group < b.group ? -1 : Number(a.group > b.group)));
    const header = knownHeader({ name, help, type: type as Heading['type'] }, format);
    rendered.push({ name, text: header + samples.map(({ line }) => line).join('') });
  }
  return rendered.sort((a, b) => (a.name < b.name ? -1 : 1));
}

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

function lineLabels(labels: CollectedFamily['values'][number]['labels'], without?: string): string {
  const names = Object.keys(labels).filter((name) => name !== without);
  const { le } = labels;
  return labelBlock(labelPairs(names, typeof le === 'number' ? { ...labels, le: boundText(le) } : labels));
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
    const samples = present.map(({ value, labels, metricName }) => ({
      // The parts of one histogram stay together and in their order: the sort below is stable.
      group: lineLabels(labels, 'le'),
      line: `${metricName ?? name}${lineLabels(labels)} ${numberText(value)}\n`,
    }));
    samples.sort((a, b) => (a.group < b.group ? -1 : Number(a.group > b.group)));
    const header = headerText({ name, help, type: type as Heading['type'] }, format);
    rendered.push({ name, text: header + samples.map(({ line }) => line).join('') });
  }
  return rendered.sort((a, b) => (a.name < b.name ? -1 : 1));
}

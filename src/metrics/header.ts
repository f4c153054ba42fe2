import type { MetricsFormat } from './family.js';
import { escapeHelp } from './label-text.js';

/** Units that metric names end in (prometheus.io/docs/practices/naming: base units). */
const UNITS = [
  'byte_seconds',
  'bytes',
  'seconds',
  'celsius',
  'watts',
  'joules',
  'hertz',
  'ratio',
  'bits',
  'lanes',
] as const;

/** What the head of a family says. */
export interface Heading {
  /** As the text format prints it: counters end in `_total`, infos in `_info`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'info' | 'histogram' | 'summary';
  readonly help: string;
}

/** The unit that stands in a family's name, if one does. Infos have none (OpenMetrics 1.0.0, "Info"). */
export function unitOf(name: string, type: Heading['type']): string | undefined {
  if (type === 'info') return undefined;
  const bare = type === 'counter' ? name.replace(/_total$/, '') : name;
  return UNITS.find((unit) => bare.endsWith(`_${unit}`));
}

/** The name OpenMetrics gives a family: without the suffix that its samples carry. */
export function openMetricsName({ name, type }: Pick<Heading, 'name' | 'type'>): string {
  if (type === 'counter') return name.replace(/_total$/, '');
  return type === 'info' ? name.replace(/_info$/, '') : name;
}

/** The lines above a family's samples, each with its line feed. */
export function headerText(heading: Heading, format: MetricsFormat): string {
  const { type, help } = heading;
  if (format === 'text') {
    return `# HELP ${heading.name} ${escapeHelp(help, format)}\n# TYPE ${heading.name} ${type === 'info' ? 'gauge' : type}\n`;
  }
  const name = openMetricsName(heading);
  const unit = unitOf(heading.name, type);
  return `# HELP ${name} ${escapeHelp(help, format)}\n# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}`;
}

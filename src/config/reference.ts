import { formatDuration } from './duration.js';
import { OPTIONS, type Option } from './options.js';

/** Default of a setting as one writes it; undefined when it has none. */
export function defaultText({ kind, schema }: Option): string | undefined {
  const initial = schema.default;
  if (initial === undefined) return undefined;
  if (kind === 'duration') return formatDuration(initial as number);
  if (Array.isArray(initial)) return initial.length === 0 ? undefined : initial.join(', ');
  return String(initial);
}

/** The table of docs/configuration.md, in Markdown. */
export function referenceTable(): string {
  const rows = OPTIONS.map((option) => {
    const initial = defaultText(option);
    const cells = [
      `\`--${option.flag}\``,
      `\`${option.variable}\``,
      initial === undefined ? 'none' : `\`${initial}\``,
      option.expected,
      option.description,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Flag | Environment variable | Default | Value | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

import type { FindingView, NodeView } from '../http/documents/node.js';
import { spanText } from '../model/quantity.js';
import type { Paint } from './paint.js';
import { visible, wrap } from './text.js';

/** Width of prose where the terminal sets none. */
const PROSE_COLUMNS = 100;

/** A finding with its next step. */
export function findingLines(
  finding: FindingView,
  node: NodeView,
  columns: number | undefined,
  paint: Paint,
): string[] {
  const colour = { critical: paint.bad, warning: paint.warning, info: paint.dim }[finding.severity];
  const since = `for ${spanText(node.atUnixSeconds - finding.sinceUnixSeconds)}`;
  const notes = [finding.code, since, ...conditionNotes(finding)].join(', ');
  const body = wrap(`${visible(finding.reason)} (${visible(notes)})`, (columns ?? PROSE_COLUMNS) - 10);
  const next = wrap(`→ ${visible(finding.nextStep)}`, (columns ?? PROSE_COLUMNS) - 10);
  const indent = ' '.repeat(10);
  return [
    `${colour(finding.severity.padEnd(10))}${body[0] ?? ''}`,
    ...body.slice(1).map((line) => indent + line),
    ...next.map((line) => indent + line),
  ];
}

/** What a reader has to know of a finding beside what it says. */
function conditionNotes({ condition, flapping, mutedBy }: FindingView): readonly string[] {
  return [
    ...(condition === 'clearing' ? ['gone, ends when that lasts'] : []),
    ...(condition === 'unseen' ? ['not seen now'] : []),
    ...(flapping === undefined ? [] : [`comes and goes: ${flapping} times in 15 min`]),
    ...(mutedBy === undefined ? [] : [`muted by ${mutedBy}`]),
  ];
}

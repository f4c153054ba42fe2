import type { ReadingDefinitionView, ReadingOwner } from '../http/documents/explained-reading.js';
import { missingByCause, unaskedReason } from '../model/absence.js';
import type { Paint } from './paint.js';
import type { Notes } from './reading-groups.js';
import { readingText } from './reading-text.js';
import { width, wrap, wrapItems } from './text.js';

/** A part of a GPU: a link, a fan, a MIG instance. */
export interface Part {
  /** How it is told from the others of its kind: `3`. */
  readonly label: string;
  readonly readings: Readonly<Partial<Record<string, number>>>;
  readonly absent: Readonly<Record<string, string>>;
}

/** What is the same for all parts of a GPU. */
export interface PartsContext {
  /** Condition of the GPU they are of. */
  readonly condition: string;
  readonly notes: Notes;
  readonly columns: number | undefined;
  readonly paint: Paint;
}

const PROSE_COLUMNS = 100;

/**
 * Readings of all parts of one kind, a line for each reading: parts that say the same stand together, so that eighteen
 * links that are all well take one line.
 */
export function partReadings(
  owner: ReadingOwner,
  definitions: readonly ReadingDefinitionView[],
  parts: readonly Part[],
  { condition, notes, columns, paint }: PartsContext,
): string[] {
  const limit = columns ?? PROSE_COLUMNS;
  const told = definitions.flatMap((definition) => {
    const wordsOf = notes(owner, definition.id)?.wordsOf;
    const byText = new Map<string, string[]>();
    for (const { label, readings } of parts) {
      const value = readings[definition.id];
      if (value === undefined) continue;
      const text = readingText({ ...definition, words: wordsOf?.(value) }, value);
      byText.set(text, [...(byText.get(text) ?? []), label]);
    }
    return byText.size === 0 ? [] : [{ definition, byText }];
  });
  const wide = Math.max(0, ...told.map(({ definition }) => width(definition.id)));
  const lines = told.flatMap(({ definition, byText }) => {
    const values = [...byText].map(([text, labels]) =>
      labels.length === parts.length ? text : `${text} (${labelsText(labels)})`,
    );
    const [first = '', ...rest] = wrapItems(values, Math.max(20, limit - wide - 2));
    return [`${definition.id.padEnd(wide)}  ${first}`, ...rest.map((line) => ' '.repeat(wide + 2) + line)];
  });
  const unasked = unaskedReason({ condition, isOfLink: owner === 'nvlink' });
  return [...lines, ...missingLines(unasked, definitions, parts, limit, paint)];
}

/** `0–3, 7` of labels that are numbers one after the other; else each. */
export function labelsText(labels: readonly string[]): string {
  const texts: string[] = [];
  for (let start = 0; start < labels.length; ) {
    let end = start;
    while (/^\d+$/.test(labels[end] ?? '') && Number(labels[end + 1]) === Number(labels[end]) + 1) end += 1;
    texts.push(end > start + 1 ? `${labels[start]}–${labels[end]}` : labels.slice(start, end + 1).join(', '));
    start = end + 1;
  }
  return texts.join(', ');
}

/** Readings that no part has, by cause: one that some have is missing with the others' values in view. */
function missingLines(
  unasked: string,
  definitions: readonly ReadingDefinitionView[],
  parts: readonly Part[],
  limit: number,
  paint: Paint,
): string[] {
  const missing = definitions
    .filter(({ id }) => parts.every(({ readings }) => readings[id] === undefined))
    .map(({ id, needs }) => {
      const reason = parts.map(({ absent }) => absent[id]).find((one) => one !== undefined) ?? unasked;
      return { id, reason, needs };
    });
  return missingByCause(missing).flatMap((text) => wrap(text, limit - 2).map((line) => paint.dim(`  ${line}`)));
}

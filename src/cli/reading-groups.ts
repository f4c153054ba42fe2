import type { ExplainedReadingView } from '../http/documents/explained-reading.js';
import type { readingNotes } from '../metrics/reading-notes.js';
import { missingByCause } from '../model/absence.js';
import type { Paint } from './paint.js';
import { everyText, readingText } from './reading-text.js';
import { type Column, table } from './table.js';
import { wrap } from './text.js';

/** What the metrics say of readings. Loaded by the command that needs it. */
export type Notes = typeof readingNotes;

const PROSE_COLUMNS = 100;

/** Readings of a GPU by subject: those with a value as a table, and below it those without, by reason. */
export function readingGroups(
  readings: readonly ExplainedReadingView[],
  notes: Notes,
  columns: number | undefined,
  paint: Paint,
): string[] {
  const chapterOf = ({ id }: ExplainedReadingView) => notes('gpu', id)?.chapter ?? 'Other';
  return [...new Set(readings.map(chapterOf))].flatMap((chapter) => {
    const own = readings.filter((one) => chapterOf(one) === chapter);
    const present = own.filter(({ value }) => value !== undefined);
    return [
      '',
      paint.bold(chapter),
      ...(present.length === 0 ? [] : table(columnsFor(columns), present, columns, paint)),
      ...missingLines(own, columns, paint),
    ];
  });
}

/** Fewest columns of a terminal on which what a reading is stands beside where it comes from. */
const COLUMNS_FOR_MEANING = 110;

/** Where a reading comes from is not left out for what it is: its name says that too, if less well. */
function columnsFor(limit: number | undefined): Column<ExplainedReadingView>[] {
  const meaning: Column<ExplainedReadingView>[] =
    limit !== undefined && limit < COLUMNS_FOR_MEANING
      ? []
      : [{ title: 'WHAT IT IS', cell: ({ meaning: text }) => text ?? '', shrinkTo: 20, dropOrder: 2 }];
  return [
    { title: 'READING', cell: ({ id }) => id },
    { title: 'VALUE', align: 'right', cell: (one) => readingText(one, one.value ?? Number.NaN), shrinkTo: 13 },
    ...meaning,
    { title: 'FROM', cell: ({ origin }) => origin, shrinkTo: 9, shrinkFirst: true, keepEnd: true },
    { title: 'EVERY', align: 'right', cell: ({ everySeconds }) => everyText(everySeconds), dropOrder: 1 },
  ];
}

/** Readings without a value, by cause. */
function missingLines(readings: readonly ExplainedReadingView[], columns: number | undefined, paint: Paint): string[] {
  const missing = readings.flatMap(({ id, absent, needs }) =>
    absent === undefined ? [] : [{ id, reason: absent, needs }],
  );
  return missingByCause(missing).flatMap((text) =>
    wrap(text, (columns ?? PROSE_COLUMNS) - 2).map((line) => paint.dim(`  ${line}`)),
  );
}

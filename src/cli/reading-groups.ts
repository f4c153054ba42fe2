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
      ...(present.length === 0 ? [] : valueLines(present, columns, paint)),
      ...missingLines(own, columns, paint),
    ];
  });
}

/** Fewest columns of a terminal on which what a reading is stands beside its value. */
const COLUMNS_FOR_MEANING = 110;

const VALUE_COLUMNS: readonly Column<ExplainedReadingView>[] = [
  { title: 'READING', cell: ({ id }) => id },
  { title: 'VALUE', align: 'right', cell: (one) => readingText(one, one.value ?? Number.NaN), shrinkTo: 13 },
];

const NOTE_COLUMNS: readonly Column<ExplainedReadingView>[] = [
  { title: 'WHAT IT IS', cell: ({ meaning }) => meaning ?? '', shrinkTo: 20, dropOrder: 2 },
  { title: 'FROM', cell: ({ origin }) => origin, shrinkTo: 9, shrinkFirst: true, keepEnd: true },
  { title: 'EVERY', align: 'right', cell: ({ everySeconds }) => everyText(everySeconds), dropOrder: 1 },
];

/** Readings with what they are and where they come from: beside them, or on a narrow terminal below those it is said of. */
function valueLines(
  readings: readonly ExplainedReadingView[],
  columns: number | undefined,
  paint: Paint,
): readonly string[] {
  if (columns === undefined || columns >= COLUMNS_FOR_MEANING) {
    return table([...VALUE_COLUMNS, ...NOTE_COLUMNS], readings, columns, paint);
  }
  const [head = '', ...lines] = table(VALUE_COLUMNS, readings, columns, paint);
  const notes = readings.map(noteOf);
  return [
    head,
    ...lines.flatMap((line, index) => {
      const note = notes[index] ?? '';
      const below = note === notes[index + 1] ? [] : wrap(note, columns - 4);
      return [line, ...below.map((text) => paint.dim(`    ${text}`))];
    }),
  ];
}

function noteOf({ meaning, origin, everySeconds }: ExplainedReadingView): string {
  return `${meaning === undefined ? '' : `${meaning} · `}${origin}, every ${everyText(everySeconds)}`;
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

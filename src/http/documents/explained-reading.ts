import type { Static } from 'typebox';
import { unaskedReason } from '../../model/absence.js';
import type { ReadingDefinition } from '../../native/readings.generated.js';
import { closed, maybe, number, text, word } from './words.js';

const definition = {
  id: text('Name of the reading, its unit included.'),
  unit: text('bytes, hertz, watts, …; ratio is 0 to 1, bool 0 or 1, enum and mask as NVML numbers them.'),
  meaning: maybe(text('What it says, in the words of the metric that shows it.')),
  needs: maybe(text('Boards, drivers and settings that have it, where not all do.')),
  metric: maybe(text('Metric that shows it, with the labels it has there. docs/metrics.md has more about it.')),
  origin: text('NVML function, field id (FI) or GPM metric it comes from.'),
  cadence: word(
    ['identity', 'minute', 'medium', 'cycle'],
    'How often it is asked: once at the start and hourly, each minute, every ten seconds, each cycle.',
  ),
  everySeconds: number("The same in seconds: the value is at most so much older than the GPU's last cycle."),
} as const;

/** Schema of what is known of a reading beside its value. */
export const ReadingDefinitionDocument = closed(definition, {
  $id: 'ReadingDefinition',
  description: 'What a reading is.',
});

/** Schema of one reading with everything. */
export const ExplainedReadingDocument = closed(
  {
    id: definition.id,
    value: maybe(number('In the unit; missing where there is none.')),
    words: maybe(text('What the number stands for, of an enum or a mask; missing where it has no name.')),
    absent: maybe(
      text(
        'Why there is no value: a reason as in `absent` of the GPU, or gpu_not_read, or not_asked_yet; missing where there is a value.',
      ),
    ),
    unit: definition.unit,
    meaning: definition.meaning,
    needs: definition.needs,
    metric: definition.metric,
    origin: definition.origin,
    cadence: definition.cadence,
    everySeconds: definition.everySeconds,
  },
  { $id: 'ExplainedReading', description: 'One reading: what it is, its value, or why it has none.' },
);

export type ReadingDefinitionView = Static<typeof ReadingDefinitionDocument>;
export type ExplainedReadingView = Static<typeof ExplainedReadingDocument>;

/** Whose reading it is. */
export type ReadingOwner = 'gpu' | 'mig' | 'nvlink' | 'c2c' | 'fan' | 'peer';

/** What the metrics say of a reading; undefined for one that no metric shows. */
export type ReadingNotes = (
  owner: ReadingOwner,
  id: string,
) =>
  | {
      readonly metric?: string;
      readonly meaning: string;
      /** Boards, drivers and settings that have it, where not all do. */
      readonly needs?: string;
      /** What a number of it stands for. */
      readonly wordsOf?: (value: number) => string | undefined;
    }
  | undefined;

/** A GPU's values and reasons as its document has them. */
export interface Told {
  readonly condition: string;
  readonly readings: Readonly<Partial<Record<string, number>>>;
  readonly absent: Readonly<Record<string, string>>;
}

/** Seconds from one asking to the next (architecture.md; gpu_reader.cpp). */
const CADENCE_SECONDS = { identity: 3_600, minute: 60, medium: 10 } as const;

/** What the readings of a table are, in their order. */
export function readingDefinitions(
  owner: ReadingOwner,
  rows: readonly ReadingDefinition[],
  cycleSeconds: number,
  notes: ReadingNotes,
): ReadingDefinitionView[] {
  return rows.map(({ id, unit, cadence, origin }) => {
    const { metric, meaning, needs } = notes(owner, id) ?? {};
    return {
      id,
      unit,
      ...(meaning === undefined ? {} : { meaning }),
      ...(needs === undefined ? {} : { needs }),
      ...(metric === undefined ? {} : { metric }),
      origin,
      cadence,
      everySeconds: cadence === 'cycle' ? cycleSeconds : Math.max(cycleSeconds, CADENCE_SECONDS[cadence]),
    };
  });
}

/** Each of them with its value, or with the reason why it has none. */
export function explainedReadings(
  definitions: readonly ReadingDefinitionView[],
  { condition, readings, absent }: Told,
  wordsOf: (id: string, value: number) => string | undefined,
): ExplainedReadingView[] {
  return definitions.map(({ id, ...rest }) => {
    const value = readings[id];
    if (value === undefined)
      return { id, absent: absent[id] ?? unaskedReason({ condition, isOfLink: false }), ...rest };
    const words = wordsOf(id, value);
    return { id, value, ...(words === undefined ? {} : { words }), ...rest };
  });
}

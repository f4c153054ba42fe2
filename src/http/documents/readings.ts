import Type, { type TSchema } from 'typebox';
import { READINGS, type ReadingId } from '../../native/readings.generated.js';

/** Schema of a GPU's readings: every id there is, each missing where there is no value. */
export const ReadingsDocument = Object.assign(
  Type.Unsafe<{ [Id in ReadingId]?: number }>(
    Type.Object(
      Object.fromEntries(
        READINGS.map(({ id, unit, origin }): [string, TSchema] => [
          id,
          Type.Optional(Type.Number({ description: `Unit: ${unit}. From ${origin}.` })),
        ]),
      ),
      {
        additionalProperties: false,
        $id: 'Readings',
        description: 'Numbers of one GPU in base units; what has no value is missing.',
      },
    ),
  ),
  { $id: 'Readings' },
);

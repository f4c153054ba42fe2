import { Readings, type ReadingTable } from '../src/model/readings.js';

/** Values and status bytes of a table where only the named ones are there; `why` is the status of the others. */
export function measured<Id extends string>(
  table: ReadingTable<Id>,
  present: Partial<Record<Id, number>>,
  why = 3,
): { values: Float64Array; status: Uint8Array } {
  const values = new Float64Array(table.rows.length).fill(Number.NaN);
  const status = new Uint8Array(table.rows.length).fill(why);
  for (const [id, value] of Object.entries<number | undefined>(present)) {
    if (value === undefined) continue;
    values[table.index(id as Id)] = value;
    status[table.index(id as Id)] = 0;
  }
  return { values, status };
}

/** The same as the model has it. */
export function readingsOf<Id extends string>(
  table: ReadingTable<Id>,
  present: Partial<Record<Id, number>>,
  why = 3,
): Readings<Id> {
  const { values, status } = measured(table, present, why);
  return new Readings(table, values, status);
}

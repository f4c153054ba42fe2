import type { PlacedReading } from './family.js';

/** The lines of one row: line `i` shows the reading at `indexes[i]`, or what a view sees in it, in `slots[i]`. */
interface Lines {
  readonly indexes: number[];
  readonly slots: number[];
  readonly views: PlacedReading<unknown>['view'][];
}

/**
 * All lines of a subject that are readings of one kind. Nine in ten lines are: a call for each of them is what a scrape
 * would spend most on.
 */
export class ReadingBlock {
  /** By row; a row without lines has a hole. */
  readonly #lines: (Lines | undefined)[] = [];

  constructor(readonly of: PlacedReading<unknown>['of']) {}

  /** Adds a line about a row. */
  add({ index, view }: PlacedReading<unknown>, row: number, slot: number): void {
    this.#lines[row] ??= { indexes: [], slots: [], views: [] };
    const { indexes, slots, views } = this.#lines[row] as Lines;
    indexes.push(index);
    slots.push(slot);
    views.push(view);
  }

  /** Writes the lines' values into their places; NaN where there is none. */
  fill(rows: readonly unknown[], into: Float64Array): void {
    for (let row = 0; row < this.#lines.length; row++) {
      const lines = this.#lines[row];
      if (lines === undefined) continue;
      const { indexes, slots, views } = lines;
      const readings = this.of(rows[row]);
      for (let line = 0; line < slots.length; line++) {
        const index = indexes[line] as number;
        let value = Number.NaN;
        if (readings !== undefined && readings.status[index] === 0) {
          value = readings.values[index] as number;
          const view = views[line];
          if (view !== undefined) value = view(value) ?? Number.NaN;
        }
        into[slots[line] as number] = value;
      }
    }
  }
}

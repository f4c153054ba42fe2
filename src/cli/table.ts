import type { Paint } from './paint.js';
import { truncate, truncateStart, visible, width } from './text.js';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Colour of a cell; the text itself stays as `cell` gave it. */
  readonly colour?: (row: Row, paint: Paint) => (text: string) => string;
  /** Columns with a higher number are left out first when the terminal is narrow; without one it always stays. */
  readonly dropOrder?: number;
  /** May be cut down to so many columns before others are left out. */
  readonly shrinkTo?: number;
  /** Is cut down before the others are; those without it are in their order. */
  readonly shrinkFirst?: boolean;
  /** What is cut is the beginning: the end says more. */
  readonly keepEnd?: boolean;
}

const GAP = '  ';

/** Widest a column with foreign text gets where the terminal sets no limit. */
const CELL_LIMIT = 80;

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly columns: number;
}

/** Lines of a table, header first, within `limit` columns where that is possible. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  limit: number | undefined,
  colours: Paint,
): string[] {
  let laid: Laid<Row>[] = columns.map((column) => {
    const cells = rows.map((row) => truncate(visible(column.cell(row)), CELL_LIMIT));
    return { column, cells, columns: Math.max(width(column.title), ...cells.map(width)) };
  });
  if (limit !== undefined) laid = narrow(laid, limit);
  const header = laid.map(({ column, columns: wide }) => pad(column.title, wide, column.align));
  const lines = [colours.dim(header.join(GAP).trimEnd())];
  rows.forEach((row, index) => {
    const cells = laid.map(({ column, cells: own, columns: wide }, position) => {
      const text = (column.keepEnd === true ? truncateStart : truncate)(own[index] as string, wide);
      const last = position === laid.length - 1 && column.align !== 'right';
      const colour = column.colour?.(row, colours) ?? ((same: string) => same);
      // Colour only what is there, so that padding never carries it.
      return (last ? text : pad(text, wide, column.align)).replace(text, () => colour(text));
    });
    lines.push(cells.join(GAP).trimEnd());
  });
  return lines;
}

function pad(text: string, columns: number, align: Column<never>['align']): string {
  const space = ' '.repeat(Math.max(0, columns - width(text)));
  return align === 'right' ? space + text : text + space;
}

const total = <Row>(laid: readonly Laid<Row>[]) =>
  laid.reduce((sum, { columns }) => sum + columns, GAP.length * (laid.length - 1));

/** Shrinks what may shrink, then leaves columns out, the least needed first. */
function narrow<Row>(laid: readonly Laid<Row>[], limit: number): Laid<Row>[] {
  let kept = [...laid];
  for (;;) {
    const excess = total(kept) - limit;
    if (excess <= 0) return kept;
    const shrunk = shrink(kept, excess);
    if (total(shrunk) <= limit) return shrunk;
    const dropped = kept.reduce<Laid<Row> | undefined>(
      (worst, one) => ((one.column.dropOrder ?? 0) > (worst?.column.dropOrder ?? 0) ? one : worst),
      undefined,
    );
    if (dropped === undefined) return shrunk;
    kept = kept.filter((one) => one !== dropped);
  }
}

function shrink<Row>(laid: readonly Laid<Row>[], excess: number): Laid<Row>[] {
  let left = excess;
  const shrunk = new Map<Laid<Row>, number>();
  const first = laid.filter(({ column }) => column.shrinkFirst === true);
  for (const one of [...first, ...laid.filter((other) => !first.includes(other))]) {
    const least = Math.max(one.column.shrinkTo ?? one.columns, width(one.column.title));
    const taken = Math.max(0, Math.min(left, one.columns - least));
    left -= taken;
    shrunk.set(one, one.columns - taken);
  }
  return laid.map((one) => ({ ...one, columns: shrunk.get(one) ?? one.columns }));
}

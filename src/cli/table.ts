import type { Paint } from './paint.js';
import { truncate, truncateMiddle, truncateStart, visible, width } from './text.js';

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
  /** Is cut down before the others are. */
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
  const widest = Math.max(CELL_LIMIT, limit ?? 0);
  let laid: Laid<Row>[] = columns.map((column) => {
    const texts = rows.map((row) => visible(column.cell(row)));
    const cut = cutOf(column, texts, widest);
    const cells = texts.map((text) => cut(text, widest));
    return { column, cells, columns: Math.max(width(column.title), ...cells.map(width)) };
  });
  if (limit !== undefined) laid = narrow(laid, limit);
  const header = laid.map(({ column, columns: wide }) => pad(column.title, wide, column.align));
  const lines = [colours.dim(header.join(GAP).trimEnd())];
  const cuts = laid.map(({ column, cells, columns: wide }) => cutOf(column, cells, wide));
  rows.forEach((row, index) => {
    const cells = laid.map(({ column, cells: own, columns: wide }, position) => {
      const text = (cuts[position] as Cut)(own[index] as string, wide);
      const last = position === laid.length - 1 && column.align !== 'right';
      const colour = column.colour?.(row, colours) ?? ((same: string) => same);
      // Colour only what is there, so that padding never carries it.
      return (last ? text : pad(text, wide, column.align)).replace(text, () => colour(text));
    });
    lines.push(cells.join(GAP).trimEnd());
  });
  return lines;
}

type Cut = (text: string, columns: number) => string;

/** How the cells of a column are cut: two that differ shall not look the same for it. */
function cutOf(column: Pick<Column<never>, 'keepEnd'>, cells: readonly string[], columns: number): Cut {
  if (column.keepEnd === true) return truncateStart;
  const distinct = [...new Set(cells)];
  return new Set(distinct.map((cell) => truncate(cell, columns))).size < distinct.length ? truncateMiddle : truncate;
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

/** Takes the excess from the widest column that may be narrower, and so on. */
function shrink<Row>(laid: readonly Laid<Row>[], excess: number): Laid<Row>[] {
  const shrunk = new Map(laid.map((one) => [one, one.columns]));
  const widthOf = (one: Laid<Row>) => shrunk.get(one) ?? one.columns;
  const mayShrink = (one: Laid<Row>) =>
    widthOf(one) > Math.max(one.column.shrinkTo ?? one.columns, width(one.column.title));
  for (let left = excess; left > 0; left -= 1) {
    const open = laid.filter(mayShrink);
    const first = open.filter(({ column }) => column.shrinkFirst === true);
    const candidates = first.length > 0 ? first : open;
    const [initial] = candidates;
    if (initial === undefined) break;
    const widest = candidates.reduce((most, one) => (widthOf(one) > widthOf(most) ? one : most), initial);
    shrunk.set(widest, widthOf(widest) - 1);
  }
  return laid.map((one) => ({ ...one, columns: widthOf(one) }));
}

import { describe, expect, it } from 'vitest';
import { paint } from '../../src/cli/paint.js';
import { type Column, table } from '../../src/cli/table.js';

interface Row {
  readonly name: string;
  readonly holder: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name, shrinkTo: 6 },
  { title: 'HOLDER', cell: ({ holder }) => holder, shrinkTo: 6 },
];

const linesOf = (rows: readonly Row[], limit: number | undefined, columns = COLUMNS) =>
  table(columns, rows, limit, paint(false)).slice(1);

describe('tables on a narrow terminal', () => {
  it('cut the widest column first, and the others when it is no wider than they are', () => {
    const rows = [{ name: 'twelve chars', holder: 'a holder of thirty characters!' }];
    expect(linesOf(rows, 34)).toEqual(['twelve chars  a holder of thirty …']);
    expect(linesOf(rows, 22)).toEqual(['twelve ch…  a holder …']);
  });

  it('cut the middle out where two that differ would look the same', () => {
    const rows = [
      { name: 'a', holder: '6f0e4d6e-21a9-4b52/a086fc27508f' },
      { name: 'b', holder: '6f0e4d6e-21a9-4b52/6dd7e1af23cb' },
      { name: 'c', holder: 'nobody' },
    ];
    expect(linesOf(rows, 19)).toEqual(['a     6f0e4d…27508f', 'b     6f0e4d…af23cb', 'c     nobody']);
    expect(linesOf(rows.slice(1), 19)[0]).toBe('b     6f0e4d6e-21a…');
  });

  it('cut nothing that fits a wide terminal, and what has no terminal beyond 80 columns', () => {
    const holder = 'h'.repeat(120);
    expect(linesOf([{ name: 'a', holder }], 200)).toEqual([`a     ${holder}`]);
    expect(linesOf([{ name: 'a', holder }], undefined)).toEqual([`a     ${'h'.repeat(79)}…`]);
  });
});

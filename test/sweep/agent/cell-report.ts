/** What came of each cell, told as soon as it is known: a sweep that is cut off says how far it was, and how it went. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sweptCellsPath } from '../../../scripts/layout.mjs';
import { branch } from './form.js';

const MOST_SHOWN = 6;

/** Cells of one part of the sweep, as TAP in a file of its own (out/reports/sweep). */
export class CellReport {
  private readonly path: string;
  private number = 0;

  /** Begins anew. `part`: what is swept, a word. */
  constructor(part: string) {
    this.path = sweptCellsPath(part, branch);
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, 'TAP version 14\n');
  }

  /** So many cells follow: with fewer the report is not whole. */
  expect(count: number): void {
    appendFileSync(this.path, `1..${count}\n`);
  }

  /** A cell was tried: what is not as it should be, nothing where all is well. */
  tell(cell: string, problems: readonly string[]): void {
    const shown = problems.slice(0, MOST_SHOWN).map((problem) => `# ${problem.replaceAll('\n', ' ')}\n`);
    if (problems.length > MOST_SHOWN) shown.push(`# … ${problems.length} in all\n`);
    const word = problems.length === 0 ? 'ok' : 'not ok';
    appendFileSync(this.path, `${shown.join('')}${word} ${++this.number} - driver branch ${branch}: ${cell}\n`);
  }
}

import { withoutDeceptive } from '../model/deceptive-text.js';

/** Text with everything that is not meant to be seen spelt out as `\u001b`. */
export function visible(text: string): string {
  return withoutDeceptive(text, (character) => {
    const code = character.codePointAt(0) as number;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : unicodeEscape(code);
  });
}

/** A JSON document over several lines; what is not meant to be seen is escaped, which JSON reads back as it was. */
export function jsonText(document: unknown): string {
  return JSON.stringify(document, null, 2).split('\n').map(jsonLine).join('\n');
}

/** A line of JSON with everything that is not meant to be seen escaped: the same value to whoever reads it. */
export function jsonLine(line: string): string {
  return withoutDeceptive(line, (character) =>
    Array.from({ length: character.length }, (_, unit) => unicodeEscape(character.charCodeAt(unit))).join(''),
  );
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Scripts and signs that take two columns (East Asian Width W and F, emoji). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}|\p{Me}/u;

/** Columns of visible text. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Text of at most so many columns; what is cut shows as `…`. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += width(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The same, with the beginning cut off. */
export function truncateStart(text: string, columns: number): string {
  let excess = width(text) - columns;
  if (excess <= 0) return text;
  // The mark takes a place of its own.
  excess += 1;
  let kept = '';
  for (const character of text) {
    if (excess > 0) excess -= width(character);
    else kept += character;
  }
  return `…${kept}`;
}

/** The same, with the middle cut out. */
export function truncateMiddle(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  const tail = Math.floor((columns - 1) / 2);
  return `${truncate(text, columns - tail)}${truncateStart(text, tail + 1).slice(1)}`;
}

/** Items in lines of at most so many columns, broken between items alone. */
export function wrapItems(items: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last === undefined || width(last) + width(item) + 3 > columns) lines.push(item);
    else lines[lines.length - 1] = `${last} · ${item}`;
  }
  return lines;
}

/** Text in lines of at most so many columns, broken at spaces where there are any. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && width(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

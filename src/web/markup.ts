import { withoutDeceptive } from '../model/deceptive-text.js';

/** Text that may stand in a page as it is. Only this file makes it, so that nothing gets there unescaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup and lists of it are not, nothing is nothing. */
export type Piece = Markup | string | number | undefined | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for element content and quoted attributes. */
export function escaped(text: string): string {
  return withoutDeceptive(text, () => '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A piece of a page. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = parts[0] as string;
  pieces.forEach((piece, index) => {
    text += textOf(piece) + (parts[index + 1] as string);
  });
  return new Markup(text);
}

function textOf(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Markup) return piece.toString();
  if (Array.isArray(piece)) return piece.join('');
  return escaped(String(piece));
}

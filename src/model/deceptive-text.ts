/**
 * Characters by which a foreign name (a container's, a process title's) could mislead its reader: controls and
 * escapes, line and paragraph separators, marks that reorder or hide text, tags, and halves of surrogate pairs.
 */
const DECEPTIVE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** The text with each of them replaced. */
export function withoutDeceptive(text: string, replace: (character: string) => string): string {
  return text.replace(DECEPTIVE, replace);
}

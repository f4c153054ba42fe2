/** Colours of a terminal; each leaves text as it is where colours are off. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warning(text: string): string;
  bad(text: string): string;
  notice(text: string): string;
}

const plain = (text: string) => text;
const sgr = (on: number, off: number) => (text: string) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`);

/** The sixteen colours every terminal has, so that its own theme decides about contrast. */
export function paint(colours: boolean): Paint {
  return {
    bold: colours ? sgr(1, 22) : plain,
    dim: colours ? sgr(2, 22) : plain,
    good: colours ? sgr(32, 39) : plain,
    warning: colours ? sgr(33, 39) : plain,
    bad: colours ? sgr(31, 39) : plain,
    notice: colours ? sgr(35, 39) : plain,
  };
}

const ESC = '\u001b[';

/** Another screen than the one with the user's shell, without cursor, on which long lines are cut. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;

/** Terminals that know it show a frame when it is whole (mode 2026); the others leave it out. */
const BEGIN_FRAME = `${ESC}?2026h${ESC}H`;
const END_FRAME = `${ESC}J${ESC}?2026l`;
const END_OF_LINE = `${ESC}K`;

/**
 * Text that fills a terminal and is written over by the next. Nothing is cleared before it is written, and each frame is
 * one piece of output, so that nothing flickers. `leave` gives the terminal back as it was.
 */
export class Screen {
  #entered = false;

  constructor(private readonly out: (text: string) => void) {}

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.out(ENTER);
  }

  /** Draws lines from the top; those beyond `rows` are counted in the last one. Does nothing before `enter`. */
  draw(lines: readonly string[], rows: number): void {
    if (!this.#entered) return;
    const hidden = lines.length - rows;
    const shown =
      hidden <= 0
        ? lines
        : [...lines.slice(0, Math.max(0, rows - 1)), `… ${hidden + 1} more lines: make the window taller`];
    this.out(`${BEGIN_FRAME}${shown.map((line) => line + END_OF_LINE).join('\r\n')}${END_FRAME}`);
  }

  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.out(LEAVE);
  }
}

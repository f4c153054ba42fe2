import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal that a command may draw on. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Calls back whenever the size changes; the result ends that. */
  onResize(changed: () => void): () => void;
  /** Hands over each key instead of showing it; the result ends that. Does nothing where the input is no terminal. */
  onKey(pressed: (key: string) => void): () => void;
}

/** The terminal of this process. */
export function terminalOf(stdin: ReadStream, stdout: WriteStream): Terminal {
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    onResize(changed) {
      stdout.on('resize', changed);
      return () => stdout.off('resize', changed);
    },
    onKey(pressed) {
      if (!stdin.isTTY) return () => {};
      const heard = (bytes: Buffer) => pressed(bytes.toString('utf8'));
      stdin.setRawMode(true).on('data', heard).resume();
      return () => void stdin.off('data', heard).setRawMode(false).pause();
    },
  };
}

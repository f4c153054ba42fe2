import { spawn } from 'node:child_process';

/** How a child process ended. */
export interface ChildResult {
  /** Exit code; undefined when it was ended by a signal, did not start, or was left behind. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
  /** Why there is no exit code. */
  readonly failure: string | undefined;
}

export interface ChildOptions {
  readonly milliseconds: number;
  /** Output beyond this ends the child. */
  readonly mostBytes: number;
  /** Called with what the child writes to its standard error output, as it comes. */
  readonly progress?: (text: string) => void;
}

/**
 * Runs a program without a shell, and gives up at its deadline: it is killed then, but not waited for, because a process
 * asleep in the driver cannot be killed. Never rejects.
 */
export function runChild(path: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  return new Promise((resolve) => {
    const { milliseconds, mostBytes, progress } = options;
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let size = 0;
    const end = (code: number | undefined, failure: string | undefined) => {
      clearTimeout(timer);
      // Whatever is still written is nobody's any more, and must not keep this process alive.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      child.unref();
      resolve({ code, failure, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() });
    };
    const stop = (why: string) => {
      child.kill('SIGKILL');
      end(undefined, why);
    };
    const timer = setTimeout(() => stop(`no end within ${Math.round(milliseconds / 100) / 10} s`), milliseconds);
    const keep = (into: Buffer[], chunk: Buffer) => {
      size += chunk.length;
      into.push(chunk);
      if (size > mostBytes) stop(`more than ${mostBytes} bytes`);
    };
    child.stdout.on('data', (chunk: Buffer) => keep(out, chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      keep(err, chunk);
      progress?.(chunk.toString());
    });
    child.on('error', (error) => end(undefined, error.message));
    child.on('close', (code, signal) => end(code ?? undefined, code === null ? `ended by ${signal}` : undefined));
  });
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** An argument of a call, see library-client.py. */
export type Argument =
  | { u32: number }
  | { u64: number }
  | { text: string }
  | { null: true }
  | { handle: string }
  | { out: 'u32' | 'i32' | 'u64' }
  | { outText: number }
  | { outHandle: string }
  | { inOut: string };

export interface Answer {
  /** What the library returned; absent when it exports no such function. */
  code?: number;
  /** What it filled: numbers as decimal text, memory as hex. */
  out: string[];
  text?: string;
  missing?: boolean;
}

/** A process of its own that has the library loaded: it may hang, hold device nodes and be ended. */
export class LibraryProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #handles = new Map<string, bigint>();

  constructor(library: string) {
    this.#child = spawn('python3', [join(import.meta.dirname, 'library-client.py'), library], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  static async start(library: string): Promise<LibraryProcess> {
    const process = new LibraryProcess(library);
    await process.#read();
    return process;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('python3 could not be started');
    return this.#child.pid;
  }

  /** One call; calls of one process must not overlap. */
  async call(name: string, ...args: Argument[]): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify({ function: name, arguments: args })}\n`);
    const answer = (await this.#read()) as unknown as Answer;
    let place = 0;
    for (const argument of args) {
      if (!('out' in argument || 'outText' in argument || 'outHandle' in argument || 'inOut' in argument)) continue;
      const filled = answer.out?.[place++];
      if ('outHandle' in argument && filled !== undefined && filled !== 'None') {
        this.#handles.set(argument.outHandle, BigInt(filled));
      }
    }
    return answer;
  }

  /** What the library gave out as a handle: for structs that hold one. */
  address(name: string): bigint {
    const address = this.#handles.get(name);
    if (address === undefined) throw new Error(`no handle "${name}" was given out`);
    return address;
  }

  async textOf(name: string): Promise<string | undefined> {
    this.#child.stdin.write(`${JSON.stringify({ function: name, arguments: [], returnsText: true })}\n`);
    return (await this.#read()).text as string | undefined;
  }

  /** Code and the only thing filled, as a number. */
  async number(name: string, ...args: Argument[]): Promise<number | { code: number | undefined }> {
    const { code, out } = await this.call(name, ...args);
    return code === 0 ? Number(out.at(-1)) : { code };
  }

  /** Initialises without attaching and looks up one GPU as handle `gpu`. */
  async open(index = 0): Promise<void> {
    const init = await this.call('nvmlInitWithFlags', { u32: 3 });
    const found = await this.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: 'gpu' });
    if (init.code !== 0 || found.code !== 0) throw new Error(`init ${init.code}, handle ${found.code}`);
  }

  /** Ends the process, whatever it is in. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #read(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the process with the library ended: ${this.#child.stderr.read() ?? 'no message'}`);
    return JSON.parse(value) as Record<string, unknown>;
  }
}

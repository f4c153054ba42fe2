import { parseDurationSeconds } from '../config/duration.js';
import { spanText } from '../model/quantity.js';
import { askNode, type Told } from './ask.js';
import { type Command, CommandError, Deadline, EXIT, type Invocation, type OpenNode } from './command.js';
import { Screen } from './screen.js';
import { statusLines } from './status.js';
import type { Terminal } from './terminal.js';
import { jsonLine } from './text.js';

const DEFAULT_SECONDS = 2;
const LEAST_SECONDS = 0.2;
const MOST_SECONDS = 3_600;

/** Keys that end it: q, Ctrl-C, Ctrl-D, escape. */
const END_KEYS: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004', '\u001b']);
const CTRL_Z = '\u001a';

/** `gpu-node-agent watch` */
export const watch: Command = {
  name: 'watch',
  summary: 'The status, again and again, until q or Ctrl-C',
  operands: '',
  operandCount: [0, 0],
  flags: [
    { name: 'interval', value: 'a duration with its unit, such as 2s', description: 'Time between two looks (2s).' },
  ],
  details: [
    'Asks the running agent; without one it reads the node itself as long as it runs, and asks an agent that comes up.',
    'Where the output is no terminal each status follows the last as text; with --json each is one line.',
  ],
  async run(invocation) {
    const seconds = intervalOf(invocation.flag('interval'));
    const looking = new Looking(invocation);
    const { terminal } = invocation;
    try {
      if (terminal === undefined || invocation.json) await repeat(invocation, looking, seconds);
      else await fill(invocation, terminal, looking, seconds);
    } finally {
      await looking.close();
    }
    return EXIT.ok;
  },
};

function intervalOf(text: string | true | undefined): number {
  if (text === undefined) return DEFAULT_SECONDS;
  const seconds = typeof text === 'string' ? parseDurationSeconds(text) : undefined;
  if (seconds !== undefined && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) return seconds;
  throw new CommandError(
    EXIT.usage,
    `--interval: expected a duration with its unit from 200ms to 1h, such as 2s; got ${JSON.stringify(text)}.`,
  );
}

/** One look after another: at the agent, or at the node itself while no agent answers. */
class Looking {
  #own: OpenNode | undefined;

  constructor(private readonly invocation: Invocation) {}

  /** What is there now; the message of a `CommandError` where nobody answers: the next look may find somebody. */
  async look(): Promise<Told | string> {
    const { deadline, openNode } = this.invocation;
    const collectOnce: Invocation['collectOnce'] = async (config, milliseconds) => {
      this.#own ??= openNode(config);
      return this.#own.read(milliseconds);
    };
    try {
      const told = await askNode({ ...this.invocation, deadline: new Deadline(deadline.seconds), collectOnce });
      if (told.by !== 'own reading') await this.close();
      return told;
    } catch (error) {
      if (error instanceof CommandError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    await own?.close();
  }
}

/** One status after another, for a file or a program. */
async function repeat(
  { json, out, err, print, columns, paint }: Invocation,
  looking: Looking,
  seconds: number,
): Promise<void> {
  const ending = new Ending();
  try {
    while (!ending.ended) {
      const told = await ending.before(looking.look());
      if (told === undefined) break;
      if (typeof told === 'string') err(`gpu-node-agent: ${told}\n`);
      else if (json) out(`${jsonLine(JSON.stringify(told.node))}\n`);
      else print(timeText(told.node.atUnixSeconds), ...statusLines(told, columns, paint), '');
      await ending.sleep(seconds);
    }
  } finally {
    ending.forget();
  }
}

/** The status on the whole terminal. */
async function fill(invocation: Invocation, terminal: Terminal, looking: Looking, seconds: number): Promise<void> {
  const { out, paint } = invocation;
  const ending = new Ending();
  const screen = new Screen(out);
  let told: Told | string | undefined;
  const draw = () => {
    if (told === undefined) return;
    const heading = `gpu-node-agent watch · every ${spanOf(seconds)} · ${timeText(typeof told === 'string' ? Date.now() / 1_000 : told.node.atUnixSeconds)} · q ends`;
    // A line that reaches the last column would lose it to the end-of-line erasure that follows it.
    const body = typeof told === 'string' ? told.split('\n') : statusLines(told, terminal.columns - 1, paint);
    screen.draw([paint.dim(heading), '', ...body], terminal.rows);
  };
  const suspend = () => {
    screen.leave();
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = () => {
    screen.enter();
    draw();
  };
  let stopKeys = () => {};
  const keys = () => {
    stopKeys = terminal.onKey((key) => {
      if (END_KEYS.has(key)) ending.end();
      if (key !== CTRL_Z) return;
      // The shell wants its own way of keys back.
      stopKeys();
      suspend();
    });
  };
  const again = () => {
    stopKeys();
    keys();
    resume();
  };
  process.on('SIGTSTP', suspend).on('SIGCONT', again);
  const stopResize = terminal.onResize(draw);
  const restore = () => screen.leave();
  process.once('exit', restore);
  keys();
  screen.enter();
  try {
    while (!ending.ended) {
      const fresh = await ending.before(looking.look());
      if (fresh === undefined) break;
      told = fresh;
      draw();
      await ending.sleep(seconds);
    }
  } finally {
    process.off('SIGTSTP', suspend).off('SIGCONT', again).off('exit', restore);
    stopResize();
    stopKeys();
    screen.leave();
    ending.forget();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits that a signal or a key ends. */
class Ending {
  ended = false;
  #wake: () => void = () => {};
  readonly #over: Promise<void>;
  readonly #end = () => this.end();

  constructor() {
    this.#over = new Promise((resolve) => {
      this.#wake = resolve;
    });
    for (const name of SIGNALS) process.on(name, this.#end);
  }

  end(): void {
    this.ended = true;
    this.#wake();
  }

  /** The result, or undefined when the end comes first. */
  async before<Result>(work: Promise<Result>): Promise<Result | undefined> {
    return Promise.race([work, this.#over.then(() => undefined)]);
  }

  async sleep(seconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, seconds * 1_000);
    });
    await Promise.race([slept, this.#over]);
    clearTimeout(timer);
  }

  forget(): void {
    for (const name of SIGNALS) process.off(name, this.#end);
  }
}

function spanOf(seconds: number): string {
  return seconds < 2 ? `${seconds} s` : spanText(seconds);
}

/** The time of a state on this machine's clock face: `2026-11-24 23:59:59`. */
function timeText(unixSeconds: number): string {
  const time = new Date(unixSeconds * 1_000);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

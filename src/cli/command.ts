import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { CommandFlag } from '../config/flags.js';
import type { Loaded } from '../config/load.js';
import type { Holder } from '../model/control.js';
import type { NodeState } from '../model/node-state.js';
import type { Paint } from './paint.js';
import type { Service } from './service.js';
import type { Terminal } from './terminal.js';

/** Exit codes: docs/cli.md explains them, scripts rely on them. */
export const EXIT = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** Done, and a problem was found; or the agent refused. */
  problem: 1,
  /** The command line or the settings are wrong; nothing was done. */
  usage: 2,
  /** Nobody answered in time. */
  nobody: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A node that is read again and again without a running agent. */
export interface OpenNode {
  /** The newest state; waits for the first one so many milliseconds. */
  read(milliseconds: number): Promise<NodeState>;
  close(): Promise<void>;
}

/** What a command sees of the world. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Width of the terminal; undefined when the output is no terminal. */
  readonly columns: number | undefined;
  readonly colours: boolean;
  /** Undefined when the output is no terminal, or one that cannot be drawn on. */
  readonly terminal?: Terminal | undefined;
  /** Reads the node without a running agent, within so many milliseconds. */
  readonly collectOnce: (config: Config, deadlineMs: number) => Promise<NodeState>;
  /** Begins to read the node without a running agent. */
  readonly openNode: (config: Config) => OpenNode;
  /** Who holds a GPU, found without a running agent, within so many milliseconds. Rejects with `ControlError`. */
  readonly holdersOnce: (config: Config, gpu: string, deadlineMs: number) => Promise<readonly Holder[]>;
  /**
   * Starts reading; returns at once, before the driver has answered. `ownProcess` = this process is the service's alone,
   * which may then set what holds for all of it.
   */
  readonly startService: (config: Config, log: Logger, options: { readonly ownProcess: boolean }) => Promise<Service>;
}

/** One run of a command. */
export interface Invocation extends Surroundings {
  readonly config: Config;
  readonly loaded: Loaded;
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly deadline: Deadline;
  readonly paint: Paint;
  /** Value of a flag of this command. */
  flag(name: string): string | true | undefined;
  /** Writes lines to the standard output. */
  print(...lines: readonly string[]): void;
  /** Writes a document to the standard output. */
  printJson(document: unknown): void;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name, e.g. `<gpu>`. */
  readonly operands: string;
  /** How many operands there may be: least and most. */
  readonly operandCount: readonly [least: number, most: number];
  readonly flags: readonly CommandFlag[];
  /** Further lines for `help <command>`. */
  readonly details: readonly string[];
  /** Exit code for a wrong command line, where the usual one means something else to those who call this command. */
  readonly usageExit?: ExitCode;
  run(invocation: Invocation): Promise<ExitCode>;
}

/** Ends a command with a message and a code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The time by which a command has to be over. */
export class Deadline {
  readonly #end: number;
  readonly seconds: number;

  constructor(seconds: number) {
    this.seconds = seconds;
    this.#end = performance.now() + seconds * 1_000;
  }

  /** Milliseconds left, at most `limit`; at least 1, so that it may stand as a time limit. */
  remaining(limit = Number.POSITIVE_INFINITY): number {
    return Math.max(1, Math.ceil(Math.min(limit, this.#end - performance.now())));
  }

  /** Milliseconds for the first of so many attempts that follow each other: a silent one leaves the others theirs. */
  share(attempts: number, limit = Number.POSITIVE_INFINITY): number {
    return this.remaining(Math.min(limit, this.remaining() / attempts));
  }
}

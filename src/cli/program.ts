import { parseDurationSeconds } from '../config/duration.js';
import { type Loaded, loadConfig } from '../config/load.js';
import { ConfigError } from '../config/problem.js';
import {
  type Command,
  CommandError,
  Deadline,
  EXIT,
  type ExitCode,
  type Invocation,
  type Surroundings,
} from './command.js';
import { COMMANDS } from './commands.js';
import { COMMON_FLAGS, commandHelp, findCommand, overview } from './help.js';
import { paint } from './paint.js';
import { jsonText, visible } from './text.js';

const DEFAULT_TIMEOUT_SECONDS = 10;

/** Runs one command line and gives its exit code. Never throws for what a user can cause. */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { err } = surroundings;
  try {
    const [first, ...rest] = argv;
    if (first === undefined) {
      err(`${overview(COMMANDS).join('\n')}\n`);
      return EXIT.usage;
    }
    if (first === '--help' || first === '-h') return await run(findCommand(COMMANDS, 'help'), rest, surroundings);
    if (first === '--version' || first === '-V') return await run(findCommand(COMMANDS, 'version'), rest, surroundings);
    if (first.startsWith('-')) {
      throw new CommandError(
        EXIT.usage,
        `expected a command before ${visible(first)}. gpu-node-agent help lists them.`,
      );
    }
    return await run(findCommand(COMMANDS, first), rest, surroundings);
  } catch (error) {
    if (error instanceof CommandError) {
      err(`gpu-node-agent: ${error.message}\n`);
      return error.exitCode;
    }
    if (error instanceof ConfigError) {
      for (const line of error.message.split('\n')) err(`gpu-node-agent: ${line}\n`);
      return EXIT.usage;
    }
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return EXIT.ok;
    const lines = ((error as Error).stack ?? String(error)).split('\n').map(visible);
    err(`gpu-node-agent: a defect: ${lines.join('\n')}\n`);
    return EXIT.problem;
  }
}

async function run(command: Command, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  if (command.usageExit === undefined) return runParsed(command, argv, surroundings);
  try {
    return await runParsed(command, argv, surroundings);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== EXIT.usage) throw error;
    if (!(error instanceof CommandError) && !(error instanceof ConfigError)) throw error;
    throw new CommandError(command.usageExit, error.message);
  }
}

async function runParsed(command: Command, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const loaded = loadConfig(argv, surroundings.environment, [...command.flags, ...COMMON_FLAGS]);
  if (loaded.command.get('help') === true) {
    surroundings.out(`${commandHelp(command).join('\n')}\n`);
    return EXIT.ok;
  }
  checkOperands(command, loaded.operands);
  const invocation: Invocation = {
    ...surroundings,
    config: loaded.config,
    loaded,
    operands: loaded.operands,
    json: loaded.command.get('json') === true,
    deadline: new Deadline(timeoutOf(loaded)),
    paint: paint(surroundings.colours),
    flag: (name) => loaded.command.get(name),
    print: (...lines) => surroundings.out(lines.map((line) => `${line}\n`).join('')),
    printJson: (document) => surroundings.out(`${jsonText(document)}\n`),
  };
  return command.run(invocation);
}

function checkOperands({ name, operandCount, operands: expected }: Command, operands: readonly string[]): void {
  const [least, most] = operandCount;
  if (operands.length >= least && operands.length <= most) return;
  const came = operands.length === 0 ? 'nothing' : operands.map((operand) => JSON.stringify(operand)).join(' ');
  throw new CommandError(EXIT.usage, `${name}: expected ${expected || 'no operand'}; got ${came}.`);
}

function timeoutOf({ command }: Loaded): number {
  const text = command.get('timeout');
  if (typeof text !== 'string') return DEFAULT_TIMEOUT_SECONDS;
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined && seconds > 0 && seconds <= 3_600) return seconds;
  throw new CommandError(
    EXIT.usage,
    `--timeout: expected a duration with its unit up to 1h, such as 10s; got ${JSON.stringify(text)}.`,
  );
}

import type { CommandFlag } from '../config/flags.js';
import { OPTIONS, type Option } from '../config/options.js';
import { defaultText } from '../config/reference.js';
import { suggest } from '../config/suggestion.js';
import { AGENT_VERSION } from '../version.js';
import { type Command, CommandError, EXIT } from './command.js';
import { wrap } from './text.js';

/** Flags every command has. */
export const COMMON_FLAGS: readonly CommandFlag[] = [
  { name: 'json', value: undefined, description: 'Write a JSON document instead of text.' },
  { name: 'timeout', value: 'a duration with its unit, such as 10s', description: 'Give up after this time (10s).' },
  { name: 'help', value: undefined, description: 'Show help and end.' },
];

const COLUMNS = 100;

/** Overview of all commands. */
export function overview(commands: readonly Command[]): string[] {
  return [
    `gpu-node-agent ${AGENT_VERSION}: what is on this GPU node, who runs on it, and whether it is well.`,
    '',
    'Usage: gpu-node-agent <command> [flags]',
    '',
    'Commands:',
    ...commands.flatMap(({ name, operands, summary }) => entry(`${name} ${operands}`.trim(), summary)),
    '',
    'Flags of every command:',
    ...COMMON_FLAGS.flatMap(flagEntry),
    ...entry('--config.file=<path>', 'Configuration file (YAML). None is read unless named.'),
    ...OPTIONS.flatMap(settingEntry),
    '',
    'Each setting is also an environment variable (--web.listen-address: GPU_NODE_AGENT_WEB_LISTEN_ADDRESS)',
    'and a key of the configuration file. Flags win over the environment, the environment over the file.',
    '',
    'Exit codes: 0 done · 1 a problem was found, or the agent refused · 2 wrong use · 3 nobody answered',
  ];
}

/** Help of one command. */
export function commandHelp({ name, operands, summary, flags, details }: Command): string[] {
  return [
    `Usage: ${['gpu-node-agent', name, operands, '[flags]'].filter(Boolean).join(' ')}`,
    '',
    `${summary}.`,
    ...details.flatMap((line) => wrap(line, COLUMNS)),
    '',
    'Flags:',
    ...[...flags, ...COMMON_FLAGS].flatMap(flagEntry),
    '',
    'gpu-node-agent help lists the settings, which every command takes.',
  ];
}

function flagEntry({ name, value, description }: CommandFlag): string[] {
  return entry(
    value === undefined ? `--${name}` : `--${name}=<${value.split(' ').at(-1) === '10s' ? 'duration' : 'value'}>`,
    description,
  );
}

function settingEntry(option: Option): string[] {
  const { flag, kind, description } = option;
  const name =
    kind === 'switch' && flag.startsWith('collector.')
      ? `--[no-]${flag}`
      : `--${flag}${kind === 'switch' ? '' : '=<…>'}`;
  const initial = defaultText(option);
  return entry(name, initial === undefined || kind === 'switch' ? description : `${description} (${initial})`);
}

function entry(name: string, description: string): string[] {
  const [first = '', ...rest] = wrap(description, COLUMNS - 34);
  const indent = ' '.repeat(34);
  const head = `  ${name}`;
  const lines = head.length < 33 ? [`${head.padEnd(34)}${first}`] : [head, indent + first];
  return [...lines, ...rest.map((line) => indent + line)];
}

/** `gpu-node-agent help`; it shows the commands it is given. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    summary: 'This overview, or help for one command',
    operands: '[command]',
    operandCount: [0, 1],
    flags: [],
    details: [],
    async run({ operands, print }) {
      const [name] = operands;
      print(...(name === undefined ? overview(commands()) : commandHelp(findCommand(commands(), name))));
      return EXIT.ok;
    },
  };
}

/** The command of a name. Throws `CommandError` (usage). */
export function findCommand(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const suggestion = suggest(
    name,
    commands.map((command) => command.name),
  );
  const hint = suggestion === undefined ? 'gpu-node-agent help lists them.' : `Did you mean ${suggestion}?`;
  throw new CommandError(EXIT.usage, `${JSON.stringify(name)} is no command. ${hint}`);
}

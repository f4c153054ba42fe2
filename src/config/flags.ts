import { parseArgs } from 'node:util';
import { isList, type OptionValue } from './option.js';
import { OPTION_BY_FLAG, OPTIONS } from './options.js';
import { type ConfigProblem, mismatch, unknownName } from './problem.js';
import { suggest } from './suggestion.js';
import { readText } from './value.js';

/** A flag that is not a setting: it belongs to one command, or to all. */
export interface CommandFlag {
  readonly name: string;
  /** What stands for its value in the help; undefined = it takes none. */
  readonly value: string | undefined;
  readonly description: string;
}

/** What the command line says. */
export interface ParsedFlags {
  readonly settings: ReadonlyMap<string, OptionValue>;
  /** Values of command flags by name; `true` for those that take none. */
  readonly command: ReadonlyMap<string, string | true>;
  readonly operands: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/**
 * Flags people know from other exporters that this version does not have. Named apart from typing mistakes, because
 * "unknown" would send them looking for one.
 */
const NOT_SUPPORTED: Readonly<Record<string, string>> = {
  'web.config.file': 'Listen on a loopback address and put a proxy with TLS and passwords before it.',
  'web.systemd-socket': 'Set --web.listen-address instead.',
  'collector.disable-defaults': 'Switch sources off one by one with --no-collector.<name>.',
  'path.rootfs': 'Set --path.sysfs, --path.procfs, --path.dev and --path.run one by one.',
  'path.udev.data': 'Nothing is read from there.',
};

const SHORT: Readonly<Record<string, string>> = { h: 'help', V: 'version' };

/** Reads a command line. `commandFlags` are the flags of the command beside the settings. */
export function parseFlags(argv: readonly string[], commandFlags: readonly CommandFlag[]): ParsedFlags {
  const settings = new Map<string, OptionValue>();
  const command = new Map<string, string | true>();
  const operands: string[] = [];
  const problems: ConfigProblem[] = [];
  const ownFlags = new Map(commandFlags.map((flag) => [flag.name, flag]));

  for (const token of tokensOf(argv, commandFlags)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const where = token.rawName;
    const fail = (message: string) => problems.push({ where, message });
    const name = where.startsWith('--') ? token.name : (SHORT[token.name] ?? token.name);

    const own = ownFlags.get(name);
    if (own !== undefined) {
      if (own.value === undefined) {
        if (token.value === undefined) command.set(name, true);
        else fail(mismatch('no value', token.value));
      } else if (command.has(name)) fail('given twice. Give it once.');
      else if (missing(token)) fail(mismatch(own.value, undefined));
      else command.set(name, token.value as string);
      continue;
    }

    const negated = name.startsWith('no-') ? OPTION_BY_FLAG.get(name.slice(3)) : undefined;
    const option = negated ?? OPTION_BY_FLAG.get(name);
    if (option === undefined || (negated !== undefined && negated.kind !== 'switch')) {
      fail(unknownFlag(name, ownFlags.keys()));
      continue;
    }
    if (option.kind === 'switch') {
      if (negated !== undefined && token.value !== undefined)
        fail(mismatch('no value after a --no- flag', token.value));
      else if (settings.has(option.flag)) fail('given twice. Give it once.');
      else if (negated !== undefined) settings.set(option.flag, false);
      else if (token.value === undefined) settings.set(option.flag, true);
      else accept(option.flag, readText(option, token.value));
      continue;
    }
    if (missing(token)) {
      fail(mismatch(option.expected, undefined));
      continue;
    }
    const before = settings.get(option.flag);
    if (before !== undefined && !isList(option.kind)) {
      fail('given twice. Give it once.');
      continue;
    }
    accept(option.flag, readText(option, token.value as string), before);

    function accept(flag: string, reading: ReturnType<typeof readText>, earlier?: OptionValue): void {
      if ('message' in reading) fail(reading.message);
      else if (Array.isArray(earlier) && Array.isArray(reading.value))
        settings.set(flag, earlier.concat(reading.value));
      else settings.set(flag, reading.value);
    }
  }
  return { settings, command, operands, problems };
}

interface OptionToken {
  readonly kind: 'option';
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

type Token =
  | OptionToken
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option-terminator' };

/** `parseArgs` splits; names and values are judged here, so that a message can say what was expected. */
function tokensOf(argv: readonly string[], commandFlags: readonly CommandFlag[]): readonly Token[] {
  const options: Record<string, { type: 'string' | 'boolean' }> = {};
  for (const { flag, kind } of OPTIONS) options[flag] = { type: kind === 'switch' ? 'boolean' : 'string' };
  for (const { name, value } of commandFlags) options[name] = { type: value === undefined ? 'boolean' : 'string' };
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
    .tokens as readonly Token[];
}

/** A flag followed by another flag has no value; one that begins with a dash needs the form `--flag=-value`. */
function missing(token: OptionToken): boolean {
  return token.value === undefined || (token.inlineValue === false && token.value.startsWith('--'));
}

function unknownFlag(name: string, ownNames: Iterable<string>): string {
  const instead = NOT_SUPPORTED[name];
  if (instead !== undefined) return `not supported by this version. ${instead}`;
  const known = [...ownNames, ...OPTIONS.map(({ flag }) => flag)];
  const negated = OPTIONS.filter(({ kind }) => kind === 'switch').map(({ flag }) => `no-${flag}`);
  const collector = /^(?:no-)?collector\./.test(name);
  const names = OPTIONS.filter(({ flag }) => flag.startsWith('collector.')).map(({ flag }) => flag.slice(10));
  const suggestion = suggest(name, name.startsWith('no-') ? negated : known);
  return unknownName(
    'flag',
    suggestion === undefined ? undefined : `--${suggestion}`,
    collector ? `The collectors are ${names.join(', ')}.` : 'gpu-node-agent help lists all flags.',
  );
}

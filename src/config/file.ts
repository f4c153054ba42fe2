import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isAlias, isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import type { OptionValue } from './option.js';
import { OPTIONS, type Option } from './options.js';
import { type ConfigProblem, mismatch, shown, unknownName } from './problem.js';
import { suggest } from './suggestion.js';
import { readFileValue } from './value.js';

/** A file larger than this is not a configuration of ours. */
const SIZE_LIMIT_BYTES = 1 << 20;

/** What a configuration file says. */
export interface FileSettings {
  readonly settings: ReadonlyMap<string, OptionValue>;
  readonly problems: readonly ConfigProblem[];
}

/** Reads a file; `origin` is the flag or variable that named it, for the message when it cannot be read. */
export function readConfigFile(path: string, origin: string): FileSettings {
  let bytes: Buffer | undefined;
  try {
    bytes = readRegularFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return failed(origin, `expected a readable file; ${shown(path)} gave ${code ?? message}.`);
  }
  if (bytes === undefined) return failed(origin, `expected a regular file; ${shown(path)} is something else.`);
  if (bytes.length > SIZE_LIMIT_BYTES) return failed(origin, `expected at most 1 MiB; ${shown(path)} is longer.`);
  return parseConfigFile(bytes.toString('utf8'), path);
}

/**
 * At most one byte more than the limit; undefined for what is no regular file. Opening does not wait for a pipe's other
 * end, and what a file says of its size is not believed: those of /proc and /sys say 0.
 */
function readRegularFile(path: string): Buffer | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(SIZE_LIMIT_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** Keys of the tree a file may have: sections with options, by the parts of their flags. */
type Keys = ReadonlyMap<string, ReadonlyMap<string, Option>>;

const KEYS: Keys = (() => {
  const keys = new Map<string, Map<string, Option>>();
  for (const option of OPTIONS) {
    const [section, key] = option.flag.split('.') as [string, string];
    const group = keys.get(section) ?? new Map<string, Option>();
    keys.set(section, group.set(key, option));
  }
  return keys;
})();

/** Reads the text of a file; `name` stands in messages, before line and column. */
export function parseConfigFile(text: string, name: string): FileSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const settings = new Map<string, OptionValue>();
  const problems: ConfigProblem[] = [];
  const fail = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ where: `${name}:${line}:${col}`, message });
  };
  for (const error of document.errors) fail(error.pos[0], `not valid YAML: ${error.message}.`);
  if (problems.length > 0) return { settings, problems };

  /** Calls `visit` for each pair of a map; an empty section is one without keys. */
  function eachPair(node: ParsedNode | null, visit: (key: string, at: number, value: Node | null) => void): void {
    if (node === null || (isScalar(node) && node.value === null)) return;
    if (!isMap(node)) {
      fail(node.range[0], mismatch('a group of keys', plain(node)));
      return;
    }
    for (const { key, value } of (node as YAMLMap<ParsedNode, ParsedNode | null>).items) {
      if (isScalar(key) && typeof key.value === 'string') visit(key.value, key.range?.[0] ?? 0, value);
      else fail(key.range?.[0] ?? 0, mismatch('a key that is plain text', plain(key)));
    }
  }

  function plain(node: Node): unknown {
    if (isAlias(node)) return node.resolve(document)?.toJS(document);
    return node.toJS(document);
  }

  eachPair(document.contents, (section, sectionAt, group) => {
    const options = KEYS.get(section);
    if (options === undefined) return fail(sectionAt, unknownSection(section));
    eachPair(group as ParsedNode | null, (key, at, value) => {
      const option = options.get(key);
      if (option === undefined) return fail(at, unknownKey(section, key, options));
      const reading = readFileValue(option, value === null ? null : plain(value));
      if ('message' in reading) fail(value?.range?.[0] ?? at, `${option.flag}: ${reading.message}`);
      else settings.set(option.flag, reading.value);
    });
  });
  return { settings, problems };
}

function failed(where: string, message: string): FileSettings {
  return { settings: new Map(), problems: [{ where, message }] };
}

function unknownSection(section: string): string {
  const dotted = OPTIONS.find(({ flag }) => flag === section);
  if (dotted !== undefined) {
    const [outer, inner] = section.split('.');
    return `unknown key ${shown(section)}. Write ${inner} as a key below ${outer}.`;
  }
  const suggestion = suggest(section, KEYS.keys());
  return unknownName(`key ${shown(section)}`, suggestion, `The keys are ${[...KEYS.keys()].join(', ')}.`);
}

function unknownKey(section: string, key: string, options: ReadonlyMap<string, Option>): string {
  const suggestion = suggest(key, options.keys());
  return unknownName(`key ${shown(key)} in ${section}`, suggestion, `The keys are ${[...options.keys()].join(', ')}.`);
}

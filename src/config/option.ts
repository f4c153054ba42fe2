import Type, { type Static, type TSchema } from 'typebox';
import { parseDurationSeconds } from './duration.js';
import { parseListenAddress } from './listen-address.js';

/** How the text of an option is read; the key under which a schema leaf carries it. */
export type OptionKind =
  | 'path'
  | 'paths'
  | 'names'
  | 'texts'
  | 'hosts'
  | 'library'
  | 'duration'
  | 'count'
  | 'choice'
  | 'switch'
  | 'listen'
  | 'route';

/** Whether an option is a list: its flag may be given several times, its variable has colons. */
export function isList(kind: OptionKind): boolean {
  return kind === 'paths' || kind === 'names' || kind === 'texts' || kind === 'hosts';
}

/** What a leaf of the configuration schema carries beside JSON Schema's own words. */
export interface OptionNotes {
  /** Flag without dashes, e.g. `web.listen-address`; also the path of the key in the file. */
  readonly flag: string;
  readonly kind: OptionKind;
  /** Completes "expected …" in messages and documentation. */
  readonly expected: string;
  readonly description: string;
}

type Leaf<Schema extends TSchema> = Schema & OptionNotes;

/** Adds the notes to a schema. They are plain annotation keywords, which JSON Schema lets validators pass over. */
function note<Schema extends TSchema>(schema: Schema, notes: OptionNotes): Leaf<Schema> {
  return Object.assign(schema, notes);
}

const ABSOLUTE_PATH = '^/[^\\u0000]*$';

/** An absolute directory or file. */
export function path(flag: string, initial: string, description: string) {
  return note(Type.String({ default: initial, pattern: ABSOLUTE_PATH }), {
    flag,
    kind: 'path',
    expected: 'an absolute path',
    description,
  });
}

/** An absolute path that need not be given. */
export function optionalPath(flag: string, description: string) {
  return Type.Optional(
    note(Type.String({ pattern: ABSOLUTE_PATH }), {
      flag,
      kind: 'path',
      expected: 'an absolute path',
      description,
    }),
  );
}

/** A list of absolute directories. */
export function paths(flag: string, initial: readonly string[], description: string) {
  return note(Type.Array(Type.String({ pattern: ABSOLUTE_PATH }), { default: [...initial] }), {
    flag,
    kind: 'paths',
    expected: 'absolute paths',
    description,
  });
}

/** A list of names of metric families. Which there are is not known here: the agent checks it when it starts. */
export function names(flag: string, description: string) {
  return note(Type.Array(Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' }), { default: [] }), {
    flag,
    kind: 'names',
    expected: 'names of metrics',
    description,
  });
}

/** A list of texts of some form. What they name is not known here: the agent checks it when it starts. */
export function texts(flag: string, pattern: string, expected: string, description: string) {
  return note(Type.Array(Type.String({ pattern }), { default: [] }), { flag, kind: 'texts', expected, description });
}

/** A list of host names as they stand in a Host header, without port; `*` = any. */
export function hosts(flag: string, description: string) {
  const name = '^(?:\\*|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)$';
  return note(Type.Array(Type.String({ pattern: name }), { default: [] }), {
    flag,
    kind: 'hosts',
    expected: 'host names without port, or *',
    description,
  });
}

/** A shared library: a name for the loader's search, or an absolute path. */
export function library(flag: string, description: string) {
  return Type.Optional(
    note(Type.String({ pattern: '^(?:/[^\\u0000]*|[^/\\u0000]+)$' }), {
      flag,
      kind: 'library',
      expected: 'a library name such as libnvidia-ml.so.1, or an absolute path',
      description,
    }),
  );
}

/** A duration; limits are durations too, so that the message can say them. */
export function duration(flag: string, initial: string, limits: readonly [string, string], description: string) {
  const [minimum, maximum] = limits;
  return note(
    Type.Number({
      default: secondsOf(initial),
      minimum: secondsOf(minimum),
      maximum: secondsOf(maximum),
    }),
    {
      flag,
      kind: 'duration',
      expected: `a duration with its unit from ${minimum} to ${maximum}, such as ${initial}`,
      description,
    },
  );
}

function secondsOf(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds === undefined) throw new Error(`"${text}" in the schema is not a duration`);
  return seconds;
}

/** A whole number. */
export function count(flag: string, initial: number, limits: readonly [number, number], description: string) {
  const [minimum, maximum] = limits;
  return note(Type.Integer({ default: initial, minimum, maximum }), {
    flag,
    kind: 'count',
    expected: `a whole number from ${minimum} to ${maximum}`,
    description,
  });
}

/** One word of a closed list; the first one is the default. */
export function choice<const Words extends readonly [string, ...string[]]>(
  flag: string,
  words: Words,
  initial: Words[number],
  description: string,
) {
  return note(Type.Unsafe<Words[number]>(Type.Enum([...words], { default: initial })), {
    flag,
    kind: 'choice',
    expected: `one of ${words.join(', ')}`,
    description,
  });
}

/** On or off. */
export function onOff(flag: string, initial: boolean, description: string) {
  return note(Type.Boolean({ default: initial }), {
    flag,
    kind: 'switch',
    expected: 'true or false',
    description,
  });
}

/** An address to listen on. */
export function listenAddress(flag: string, initial: string, description: string) {
  if (parseListenAddress(initial) === undefined) throw new Error(`"${initial}" in the schema is not an address`);
  return note(Type.String({ default: initial }), {
    flag,
    kind: 'listen',
    expected: 'host:port, such as 127.0.0.1:9837, [::1]:9837 or :9837 for every interface',
    description,
  });
}

/** The path of a route. */
export function route(flag: string, initial: string, description: string) {
  return note(Type.String({ default: initial, pattern: '^/[A-Za-z0-9._~/-]*$' }), {
    flag,
    kind: 'route',
    expected: 'a URL path that begins with /, of letters, digits and . _ ~ - /',
    description,
  });
}

/** A value an option can have. */
export type OptionValue = Static<ReturnType<typeof paths>> | string | number | boolean;

/** One thing wrong with the settings, said so that nobody has to guess. */
export interface ConfigProblem {
  /** `--flag`, the name of an environment variable, or `file:line:column`. */
  readonly where: string;
  readonly message: string;
}

/** The settings cannot be used; every problem found is in it, not just the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ where, message }) => `${where}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

const SHOWN_CHARACTERS = 80;

/** A value in a message: quoted, control characters escaped (it may come from a foreign file), cut when long. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  const text = JSON.stringify(value).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, visible);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function visible(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The sentence for a value that does not fit. */
export function mismatch(expected: string, came: unknown, advice?: string): string {
  const sentence = `expected ${expected}; got ${shown(came)}.`;
  return advice === undefined ? sentence : `${sentence} ${advice}`;
}

/** The sentence for a name that is not known. */
export function unknownName(kind: string, suggestion: string | undefined, otherwise: string): string {
  return `unknown ${kind}. ${suggestion === undefined ? otherwise : `Did you mean ${suggestion}?`}`;
}

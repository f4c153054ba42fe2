// @ts-check
/**
 * Arguments of one command: a node's directory, then flags.
 */
import { parseArgs } from 'node:util';

/** @typedef {'text' | 'number' | 'switch' | 'numbers'} FlagKind */

/**
 * @typedef {object} Flag
 * @property {FlagKind} kind
 * @property {string} help
 * @property {boolean} [needed]
 */

/** A refusal of what was typed: printed without a stack, exit code 2. */
export class UsageError extends Error {}

export class Arguments {
  /**
   * @param {string} command
   * @param {Readonly<Record<string, Flag>>} flags
   * @param {readonly string[]} words after the command
   */
  constructor(command, flags, words) {
    this.command = command;
    this.flags = flags;
    const { values, positionals } = parse(command, flags, words);
    const [directory, ...rest] = positionals;
    if (directory === undefined) throw new UsageError(`${command}: expected a node's directory, got none`);
    /** Of the node. */
    this.directory = directory;
    /** Words after the directory. */
    this.rest = rest;
    this.values = values;
    for (const [name, { needed }] of Object.entries(flags)) {
      if (needed && values[name] === undefined) throw new UsageError(`${command}: --${name} is needed`);
    }
  }

  /** @param {string} name */
  text(name) {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** @param {string} name */
  number(name) {
    const text = this.text(name);
    return text === undefined ? undefined : this.toNumber(name, text);
  }

  /** @param {string} name of a flag that is needed */
  neededNumber(name) {
    return this.toNumber(name, this.text(name) ?? '');
  }

  /** @param {string} name */
  numbers(name) {
    return (this.text(name) ?? '').split(',').map((text) => this.toNumber(name, text));
  }

  /** @param {string} name */
  isSet(name) {
    return this.values[name] === true;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  toNumber(name, text) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) {
      throw new UsageError(`${this.command}: --${name}: expected a number, got "${text}"`);
    }
    return value;
  }
}

/**
 * @param {string} command
 * @param {Readonly<Record<string, Flag>>} flags
 * @param {readonly string[]} words
 */
function parse(command, flags, words) {
  /** @type {Record<string, { type: 'boolean' | 'string' }>} */
  const options = {};
  for (const [name, { kind }] of Object.entries(flags)) {
    options[name] = { type: kind === 'switch' ? 'boolean' : 'string' };
  }
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    const known = Object.keys(flags).map((name) => `--${name}`);
    throw new UsageError(`${command}: ${/** @type {Error} */ (error).message}; flags: ${known.join(' ') || 'none'}`);
  }
}

import { resolve } from 'node:path';
import { Check } from 'typebox/value';
import { parseDurationSeconds } from './duration.js';
import { parseListenAddress } from './listen-address.js';
import type { OptionValue } from './option.js';
import type { Option } from './options.js';
import { mismatch } from './problem.js';

/** A value, or the sentence that says why it is none. */
export type Reading = { readonly value: OptionValue } | { readonly message: string };

function refuse(option: Option, came: unknown, advice?: string): Reading {
  return { message: mismatch(option.expected, came, advice) };
}

/** Tests the limits the schema states. */
function check(option: Option, value: OptionValue, came: unknown, advice?: string): Reading {
  return Check(option.schema, value) ? { value } : refuse(option, came, advice);
}

function absolutePathAdvice(text: string): string | undefined {
  return text !== '' && !text.startsWith('/') && !text.includes('\u0000')
    ? `Write ${JSON.stringify(resolve(text))} if you mean that.`
    : undefined;
}

/** Reads the text of a flag or an environment variable. */
export function readText(option: Option, text: string): Reading {
  switch (option.kind) {
    case 'path':
      return check(option, text, text, absolutePathAdvice(text));
    case 'paths':
      return check(option, [text], text, absolutePathAdvice(text));
    case 'names':
    case 'texts':
    case 'hosts':
      return check(option, [text], text);
    case 'library':
    case 'route':
    case 'choice':
      return check(option, text, text);
    case 'listen':
      return parseListenAddress(text) === undefined ? refuse(option, text) : { value: text };
    case 'duration': {
      const seconds = parseDurationSeconds(text);
      if (seconds !== undefined) return check(option, seconds, text);
      const bareNumber = /^\d+(?:\.\d+)?$/.test(text);
      return refuse(option, text, bareNumber ? `Write ${text}s if you mean seconds.` : undefined);
    }
    case 'count':
      return /^\d{1,15}$/.test(text) ? check(option, Number(text), text) : refuse(option, text);
    case 'switch':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : refuse(option, text);
  }
}

/** Reads a value of the configuration file, which has types of its own. */
export function readFileValue(option: Option, value: unknown): Reading {
  switch (option.kind) {
    case 'count':
      return typeof value === 'number' ? check(option, value, value) : refuse(option, value, unquote(value));
    case 'switch':
      return typeof value === 'boolean' ? { value } : refuse(option, value, unquote(value));
    case 'paths':
    case 'names':
    case 'texts':
    case 'hosts': {
      if (!Array.isArray(value)) return typeof value === 'string' ? readText(option, value) : refuse(option, value);
      for (const item of value) {
        const reading = typeof item === 'string' ? readText(option, item) : refuse(option, item);
        if ('message' in reading) return reading;
      }
      return { value };
    }
    case 'duration':
      if (typeof value === 'number') return refuse(option, value, `Write ${value}s if you mean seconds.`);
      break;
    default:
      break;
  }
  return typeof value === 'string' ? readText(option, value) : refuse(option, value);
}

/** Advice for a number or a truth value that YAML takes for text because of its quotes. */
function unquote(value: unknown): string | undefined {
  return typeof value === 'string' && /^(?:\d+|true|false)$/.test(value) ? 'Write it without quotes.' : undefined;
}

import type { TSchema } from 'typebox';
import type { OptionNotes } from './option.js';
import { ConfigSchema } from './schema.js';

/** One setting, as found in the schema. */
export interface Option extends OptionNotes {
  readonly schema: TSchema & { readonly default?: unknown };
  /** Where the value stands in `Config`, e.g. `['sampler', 'intervalSeconds']`. */
  readonly position: readonly [section: string, key: string];
  /** Name of the environment variable. */
  readonly variable: string;
}

/** First part of every environment variable that is ours. */
export const VARIABLE_PREFIX = 'GPU_NODE_AGENT_';

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return VARIABLE_PREFIX + flag.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

/** All settings in the order of the schema. */
export const OPTIONS: readonly Option[] = Object.entries(ConfigSchema.properties).flatMap(([section, group]) =>
  Object.entries(group.properties as Record<string, TSchema & OptionNotes & { default?: unknown }>).map(
    ([key, schema]) => ({
      schema,
      position: [section, key] as const,
      variable: variableOf(schema.flag),
      flag: schema.flag,
      kind: schema.kind,
      expected: schema.expected,
      description: schema.description,
    }),
  ),
);

/** All settings by flag. */
export const OPTION_BY_FLAG: ReadonlyMap<string, Option> = new Map(OPTIONS.map((option) => [option.flag, option]));

import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { closed } from './documents/words.js';

/** What a query may hold: a closed object of plain values and lists of them. */
export type QuerySchema = TSchema & { readonly properties: Readonly<Record<string, ValueSchema>> };

/** The part of JSON Schema that queries use. */
interface ValueSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: ValueSchema;
}

/** Schema of a path that takes no query: a key that has no effect would be taken for one that has. */
export const NO_QUERY = closed({});

/** How the keys of a query came: text, or several texts for a key that came several times. */
type Given = Readonly<Record<string, string | readonly string[]>>;

/** The query with its texts read as the schema wants them; what cannot be read stays as it is, and is then refused. */
export function readQuery({ properties }: QuerySchema, given: Given): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return [key, schema === undefined ? value : readValue(schema, value)];
    }),
  );
}

function readValue(schema: ValueSchema, value: string | readonly string[]): unknown {
  if (schema.type === 'array') {
    const { items = {} } = schema;
    return (typeof value === 'string' ? [value] : value).map((one) => readValue(items, one));
  }
  if (typeof value !== 'string') return value;
  if (schema.type === 'integer' || schema.type === 'number')
    return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (schema.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}

/** Why a query is refused, naming what would be taken; undefined when it fits. */
export function queryProblem(schema: QuerySchema, query: Readonly<Record<string, unknown>>): string | undefined {
  const { properties } = schema;
  const accepted = Object.keys(properties);
  for (const [key, value] of Object.entries(query)) {
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (own === undefined) {
      const takes = accepted.length === 0 ? 'this path takes none' : `accepted are: ${accepted.join(', ')}`;
      return `${JSON.stringify(key)} is no key of this query; ${takes}.`;
    }
    if (fits(own, value)) continue;
    if (Array.isArray(value) && own.type !== 'array') return `${key}: given more than once.`;
    const schemaOfOne = own.items ?? own;
    const wrong = [value].flat().find((one) => !fits(schemaOfOne, one));
    return `${key}: expected ${wanted(schemaOfOne)}; got ${JSON.stringify(wrong)}.`;
  }
  return Check(schema, query) ? undefined : `accepted are: ${accepted.join(', ')}.`;
}

/** No type guard: what does not fit is looked at further. */
function fits(schema: ValueSchema, value: unknown): boolean {
  return Check(schema as TSchema, value);
}

function wanted({ type, enum: words, minimum, maximum }: ValueSchema): string {
  if (words !== undefined) return `one of ${words.join(', ')}`;
  if (type === 'boolean') return 'true or false';
  if (type !== 'integer' && type !== 'number') return 'text';
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  return minimum === undefined ? kind : `${kind} from ${minimum} on`;
}

import Type, { type Static, type TProperties, type TSchema } from 'typebox';

/** An object that has these keys and no others. */
export function closed<Properties extends TProperties>(
  properties: Properties,
  notes: { readonly $id?: string; readonly description?: string } = {},
) {
  return Type.Object(properties, { additionalProperties: false, ...notes });
}

/** A key that is missing when there is no value. */
export function maybe<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(schema);
}

/** One of these words. */
export function word<const Words extends readonly string[]>(words: Words, description?: string) {
  return Type.Unsafe<Words[number]>(Type.Enum([...words], description === undefined ? {} : { description }));
}

/** Refers to a schema that has a name, so that the API description says it once. */
export function named<Schema extends TSchema & { readonly $id?: string }>(schema: Schema) {
  if (schema.$id === undefined) throw new Error('only a schema with a name can be referred to');
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` });
}

/** Numbers by name. */
export function numbersByName(description: string) {
  return Type.Record(Type.String(), Type.Number(), { description });
}

/** Words by name. */
export function textsByName(description: string) {
  return Type.Record(Type.String(), Type.String(), { description });
}

export const text = (description: string) => Type.String({ description });
export const number = (description: string) => Type.Number({ description });
export const integer = (description: string) => Type.Integer({ description });
export const truth = (description: string) => Type.Boolean({ description });

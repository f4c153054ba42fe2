import type { FastifyServerOptions } from 'fastify';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { type QuerySchema, queryProblem, readQuery } from './query.js';

/**
 * Checks input against the route's schema as it comes, without compiling anything at start: the agent has to answer
 * its first probe within half a second, and its inputs are a few short keys.
 */
const validatorCompiler = (route: unknown) => {
  const { schema, httpPart } = route as { readonly schema: TSchema; readonly httpPart?: string };
  if (httpPart === 'querystring') return queryValidator(schema as QuerySchema);
  return (value: unknown) => {
    if (Check(schema, value)) return { value };
    const [first] = Errors(schema, value);
    const where = first?.instancePath ? `${first.instancePath.slice(1)}: ` : '';
    return { error: new Error(`${where}${first?.message ?? 'does not fit'}`) };
  };
};

/** A query is text: it is read as what the schema wants, and a refusal says what would be taken. */
function queryValidator(schema: QuerySchema) {
  return (given: unknown) => {
    const value = readQuery(schema, given as Readonly<Record<string, string | string[]>>);
    const problem = queryProblem(schema, value);
    return problem === undefined ? { value } : { error: new Error(problem) };
  };
}

/**
 * Documents are written by JSON.stringify, which leaves keys without a value out. That they fit their schemas is tied
 * at compile time (documents/) and tested.
 */
const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

/** Replaces fastify's compilers; theirs are then not even loaded. */
export const compilersFactory = {
  buildValidator: () => validatorCompiler,
  buildSerializer: () => serializerCompiler,
  // fastify types the slots by the libraries it ships; what it calls is no more than this.
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

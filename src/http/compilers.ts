import type { FastifyServerOptions } from 'fastify';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';

/**
 * Checks input against the route's schema as it comes, without compiling anything at start: the agent has to answer
 * its first probe within half a second, and its inputs are a few short keys.
 */
const validatorCompiler = (route: unknown) => {
  const { schema } = route as { readonly schema: TSchema };
  return (value: unknown) => {
    if (Check(schema, value)) return { value };
    const [first] = Errors(schema, value);
    const where = first?.instancePath ? `${first.instancePath.slice(1)}: ` : '';
    return { error: new Error(`${where}${first?.message ?? 'does not fit'}`) };
  };
};

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

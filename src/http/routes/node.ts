import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { NodeState, NodeStateSource } from '../../model/node-state.js';
import { NodeDocument, nodeDocument } from '../documents/node.js';
import { PartitionDocument } from '../documents/partition.js';
import { closed, maybe, named, number, text, word } from '../documents/words.js';
import { NO_QUERY } from '../query.js';
import { problems } from '../responses.js';

const about = {
  atUnixSeconds: number('Unix time of the state this is taken from.'),
  simulated: maybe(text('There only when the driver is a simulation.')),
};
const PartitionList = closed(
  { ...about, partitions: Type.Array(named(PartitionDocument)) },
  { description: 'Partitions, by GPU.' },
);
const PartitionQuery = closed({
  kind: maybe(
    word(['whole', 'mig', 'timeslice', 'mps', 'vgpu', 'passthrough', 'share'], 'Only partitions of this kind.'),
  ),
});

function aboutOf({ atUnixSeconds, simulated }: NodeState) {
  return { atUnixSeconds, simulated };
}

/** `GET /api/v1/node` and `/partitions`. */
export function nodeRoutes(app: FastifyInstance, source: NodeStateSource): void {
  const node = { operationId: 'getNode', summary: 'Everything known of this node' };
  const response = { 200: nodeResponse, ...problems('request_invalid', 'too_many_requests') };
  app.get('/api/v1/node', { schema: { ...node, querystring: NO_QUERY, response } }, async () =>
    nodeDocument(source.current()),
  );

  const partitions = { operationId: 'listPartitions', summary: 'Parts of GPUs that can be given to somebody' };
  app.get<{ Querystring: Static<typeof PartitionQuery> }>(
    '/api/v1/partitions',
    {
      schema: {
        ...partitions,
        querystring: PartitionQuery,
        response: { 200: PartitionList, ...problems('request_invalid', 'too_many_requests') },
      },
    },
    async ({ query }) => {
      const state = source.current();
      const wanted = state.partitions.filter(({ kind }) => query.kind === undefined || kind === query.kind);
      return { ...aboutOf(state), partitions: wanted };
    },
  );
}

/** The whole node; also what the control socket gives. */
export const nodeResponse = {
  description: 'Everything known of this node.',
  content: { 'application/json': { schema: named(NodeDocument) } },
};

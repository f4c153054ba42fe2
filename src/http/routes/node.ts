import type { FastifyInstance } from 'fastify';
import type { NodeStateSource } from '../../model/node-state.js';
import { NodeDocument, nodeDocument } from '../documents/node.js';
import { named } from '../documents/words.js';
import { NO_QUERY } from '../query.js';
import { problems } from '../responses.js';

/** `GET /api/v1/node`. */
export function nodeRoute(app: FastifyInstance, source: NodeStateSource): void {
  const node = { operationId: 'getNode', summary: 'Everything known of this node' };
  const response = { 200: nodeResponse, ...problems('request_invalid', 'too_many_requests') };
  app.get('/api/v1/node', { schema: { ...node, querystring: NO_QUERY, response } }, async () =>
    nodeDocument(source.current()),
  );
}

/** The whole node; also what the control socket gives. */
export const nodeResponse = {
  description: 'Everything known of this node.',
  content: { 'application/json': { schema: named(NodeDocument) } },
};

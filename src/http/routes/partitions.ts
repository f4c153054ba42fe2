import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { NodeStateSource } from '../../model/node-state.js';
import { PartitionDocument } from '../documents/partition.js';
import { closed, maybe, named, word } from '../documents/words.js';
import { aboutList, listHead, QUERY_KEYS, rowsOfGpu, USUAL_ROWS } from '../list.js';
import { problems } from '../responses.js';

const PartitionList = closed(
  { ...aboutList, partitions: Type.Array(named(PartitionDocument)) },
  { description: 'Partitions, by GPU.' },
);
const PartitionQuery = closed({
  kind: maybe(
    word(['whole', 'mig', 'timeslice', 'mps', 'vgpu', 'passthrough', 'share'], 'Only partitions of this kind.'),
  ),
  gpu: QUERY_KEYS.gpu,
  workload: QUERY_KEYS.workload,
  allocated: maybe(
    Type.Boolean({
      description:
        'Only partitions that somebody holds, or that nobody does; neither has those of which it is not known.',
    }),
  ),
  limit: QUERY_KEYS.limit,
});

/** `GET /api/v1/partitions`. */
export function partitionRoute(app: FastifyInstance, source: NodeStateSource): void {
  app.get<{ Querystring: Static<typeof PartitionQuery> }>(
    '/api/v1/partitions',
    {
      schema: {
        operationId: 'listPartitions',
        summary: 'Parts of GPUs that can be given to somebody',
        querystring: PartitionQuery,
        response: { 200: PartitionList, ...problems('request_invalid', 'gpu_unknown', 'too_many_requests') },
      },
    },
    async ({ query: { kind, gpu, workload, allocated, limit = USUAL_ROWS } }) => {
      const state = source.current();
      const isOfGpu = rowsOfGpu(state, gpu);
      const ids = state.workloads.filter(({ id, name }) => id === workload || name === workload).map(({ id }) => id);
      const fitting = state.partitions.filter(
        (one) =>
          isOfGpu(one) &&
          (kind === undefined || one.kind === kind) &&
          (workload === undefined || one.workloads.some((id) => ids.includes(id))) &&
          (allocated === undefined || one.allocated === allocated),
      );
      return { ...listHead(state, fitting), partitions: fitting.slice(0, limit) };
    },
  );
}

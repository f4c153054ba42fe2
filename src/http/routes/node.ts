import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { NodeState, NodeStateSource } from '../../model/node-state.js';
import { GpuDocument, gpuDocument } from '../documents/gpu.js';
import { NodeDocument, nodeDocument } from '../documents/node.js';
import { PartitionDocument } from '../documents/partition.js';
import { closed, maybe, named, number, text, word } from '../documents/words.js';
import { findGpu } from '../find-gpu.js';
import { Problem } from '../problem.js';
import { problems } from '../responses.js';

const about = {
  atUnixSeconds: number('Unix time of the state this is taken from.'),
  simulated: maybe(text('There only when the driver is a simulation.')),
};
const GpuList = closed({ ...about, gpus: Type.Array(named(GpuDocument)) }, { description: 'GPUs the driver reports.' });
const OneGpu = closed({ ...about, gpu: named(GpuDocument) }, { description: 'The GPU.' });
const PartitionList = closed(
  { ...about, partitions: Type.Array(named(PartitionDocument)) },
  { description: 'Partitions, by GPU.' },
);
const GpuParameters = closed({ id: text('Index, UUID or PCI bus id.') });
const PartitionQuery = closed({
  kind: maybe(
    word(['whole', 'mig', 'timeslice', 'mps', 'vgpu', 'passthrough', 'share'], 'Only partitions of this kind.'),
  ),
});

function aboutOf({ atUnixSeconds, simulated }: NodeState) {
  return { atUnixSeconds, simulated };
}

/** `GET /api/v1/node`, `/gpus`, `/gpus/:id` and `/partitions`. */
export function nodeRoutes(app: FastifyInstance, source: NodeStateSource): void {
  const node = { operationId: 'getNode', summary: 'Everything known of this node' };
  app.get('/api/v1/node', { schema: { ...node, response: { 200: nodeResponse } } }, async () =>
    nodeDocument(source.current()),
  );

  const gpus = { operationId: 'listGpus', summary: 'GPUs the driver reports' };
  app.get('/api/v1/gpus', { schema: { ...gpus, response: { 200: GpuList } } }, async () => {
    const state = source.current();
    return { ...aboutOf(state), gpus: state.gpus.map(gpuDocument) };
  });

  const gpu = { operationId: 'getGpu', summary: 'One GPU' };
  app.get<{ Params: Static<typeof GpuParameters> }>(
    '/api/v1/gpus/:id',
    { schema: { ...gpu, params: GpuParameters, response: { 200: OneGpu, ...problems('gpu_unknown') } } },
    async ({ params }) => {
      const state = source.current();
      const found = findGpu(state.gpus, params.id);
      if (found === undefined) {
        const known = state.gpus.map(({ index }) => index).join(', ') || 'none';
        throw new Problem('gpu_unknown', `No GPU is called ${JSON.stringify(params.id)}; indices are: ${known}.`);
      }
      return { ...aboutOf(state), gpu: gpuDocument(found) };
    },
  );

  const partitions = { operationId: 'listPartitions', summary: 'Parts of GPUs that can be given to somebody' };
  app.get<{ Querystring: Static<typeof PartitionQuery> }>(
    '/api/v1/partitions',
    {
      schema: {
        ...partitions,
        querystring: PartitionQuery,
        response: { 200: PartitionList, ...problems('request_invalid') },
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

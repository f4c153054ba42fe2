import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Gpu } from '../../model/gpu.js';
import { gpuNamed, notNamed } from '../../model/gpu-name.js';
import { usersOf } from '../../model/gpu-users.js';
import type { NodeState, NodeStateSource } from '../../model/node-state.js';
import { sysfsAddress } from '../../model/pci-address.js';
import type { ReadingNotes } from '../documents/explained-reading.js';
import { CONDITIONS, GpuDocument, gpuDocument } from '../documents/gpu.js';
import { GpuInFullDocument, gpuInFull } from '../documents/gpu-in-full.js';
import { nodeView } from '../documents/node.js';
import { closed, maybe, named, text, word } from '../documents/words.js';
import { aboutList, listHead, QUERY_KEYS, USUAL_ROWS } from '../list.js';
import { Problem } from '../problem.js';
import { NO_QUERY } from '../query.js';
import { problems } from '../responses.js';

const GpuList = closed(
  { ...aboutList, gpus: Type.Array(named(GpuDocument)) },
  { description: 'GPUs the driver reports, by index.' },
);
const GpuQuery = closed({
  condition: maybe(word(CONDITIONS, 'Only GPUs of this condition.')),
  mig: maybe(Type.Boolean({ description: 'Only GPUs that are, or are not, divided by MIG.' })),
  workload: QUERY_KEYS.workload,
  limit: QUERY_KEYS.limit,
});
const GpuParameters = closed({ id: text('Index, UUID, a start of the UUID that no other GPU has, or PCI address.') });

/** `GET /api/v1/gpus` and `/gpus/:id`. `notes` are what the metrics say of readings. */
export function gpuRoutes(app: FastifyInstance, source: NodeStateSource, notes: ReadingNotes): void {
  app.get<{ Querystring: Static<typeof GpuQuery> }>(
    '/api/v1/gpus',
    {
      schema: {
        operationId: 'listGpus',
        summary: 'GPUs the driver reports',
        querystring: GpuQuery,
        response: { 200: GpuList, ...problems('request_invalid', 'too_many_requests') },
      },
    },
    async ({ query: { condition, mig, workload, limit = USUAL_ROWS } }) => {
      const state = source.current();
      const fitting = state.gpus.filter(
        (gpu) =>
          (condition === undefined || gpu.condition === condition) &&
          (mig === undefined || isDivided(gpu) === mig) &&
          (workload === undefined || isUsedBy(state, gpu, workload)),
      );
      return { ...listHead(state, fitting), gpus: fitting.slice(0, limit).map(gpuDocument) };
    },
  );
  app.get<{ Params: Static<typeof GpuParameters> }>(
    '/api/v1/gpus/:id',
    {
      schema: {
        operationId: 'getGpu',
        summary: 'One GPU in full: every reading with what it is or why it is missing, its parts and who is on it',
        params: GpuParameters,
        querystring: NO_QUERY,
        response: {
          200: { description: 'The GPU.', content: { 'application/json': { schema: named(GpuInFullDocument) } } },
          ...problems('request_invalid', 'gpu_unknown', 'too_many_requests'),
        },
      },
    },
    async ({ params }) => {
      const state = source.current();
      const found = gpuNamed(state.gpus, params.id);
      if (found === undefined) throw unknownGpu(state, params.id);
      // The others are not asked for, and calls are of all.
      const view = nodeView({ ...state, gpus: [found], calls: [] });
      const [gpu] = view.gpus;
      if (gpu === undefined) throw new Error('the copy of a GPU is gone');
      return gpuInFull(view, gpu, notes);
    },
  );
}

function unknownGpu(state: NodeState, id: string): Problem {
  const address = sysfsAddress(id);
  const isOnBus = state.pci.some(({ busId }) => busId === address);
  return new Problem(
    'gpu_unknown',
    notNamed(state, id),
    isOnBus ? `What the bus tells of it: /api/v1/pci?gpu=${address}` : undefined,
  );
}

function isDivided({ readings, migInstances }: Gpu): boolean {
  return migInstances.length > 0 || readings.get('mig_mode_enabled') === 1;
}

function isUsedBy(state: NodeState, gpu: Gpu, workload: string): boolean {
  const named = state.workloads.filter(({ id, name }) => id === workload || name === workload);
  return (
    usersOf({ ...state, workloads: named }, { ...gpu, processes: [] }).length > 0 ||
    named.some(({ pids }) => gpu.processes.some(({ pid }) => pids.includes(pid)))
  );
}

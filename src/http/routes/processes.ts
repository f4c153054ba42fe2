import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { processesOf } from '../../model/gpu-process.js';
import type { NodeStateSource } from '../../model/node-state.js';
import { ProcessDocument } from '../documents/process.js';
import { closed, maybe, named, text, word } from '../documents/words.js';
import { aboutList, listHead, QUERY_KEYS, rowsOfGpu, USUAL_ROWS } from '../list.js';
import { problems } from '../responses.js';

const ProcessList = closed(
  { ...aboutList, processes: Type.Array(named(ProcessDocument)) },
  { description: 'Processes on GPUs, by GPU, then by pid.' },
);
const ProcessQuery = closed({
  gpu: QUERY_KEYS.gpu,
  kind: maybe(word(['compute', 'graphics', 'mps', 'vfio'], 'Only processes that do this kind of work.')),
  workload: QUERY_KEYS.workload,
  mig: maybe(text('Only in the MIG instance of this UUID.')),
  partition: maybe(text('Only on the partition of this id.')),
  pid: maybe(Type.Integer({ minimum: 1, description: 'Only this process.' })),
  limit: QUERY_KEYS.limit,
});

/** `GET /api/v1/processes`. */
export function processRoute(app: FastifyInstance, source: NodeStateSource): void {
  app.get<{ Querystring: Static<typeof ProcessQuery> }>(
    '/api/v1/processes',
    {
      schema: {
        operationId: 'listProcesses',
        summary: 'Processes on GPUs: who they are, where they run, what they use',
        querystring: ProcessQuery,
        response: { 200: ProcessList, ...problems('request_invalid', 'gpu_unknown', 'too_many_requests') },
      },
    },
    async ({ query: { gpu, kind, workload, mig, partition, pid, limit = USUAL_ROWS } }) => {
      const state = source.current();
      const isOfGpu = rowsOfGpu(state, gpu);
      const fitting = processesOf(state).filter(
        (one) =>
          isOfGpu(one) &&
          (kind === undefined || one.types.includes(kind)) &&
          (workload === undefined || one.workload?.id === workload || one.workload?.name === workload) &&
          (mig === undefined || one.migUuid === mig) &&
          (partition === undefined || one.partitions.includes(partition)) &&
          (pid === undefined || one.pid === pid),
      );
      return { ...listHead(state, fitting), processes: fitting.slice(0, limit) };
    },
  );
}

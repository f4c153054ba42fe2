import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { SEVERITIES, SUBJECT_KINDS, worstFirst } from '../../model/finding.js';
import { gpuName } from '../../model/gpu-identity.js';
import type { NodeStateSource } from '../../model/node-state.js';
import { FindingDocument } from '../documents/finding.js';
import { closed, maybe, named, text, word } from '../documents/words.js';
import { aboutList, listHead, QUERY_KEYS, rowsOfGpu, USUAL_ROWS } from '../list.js';
import { problems } from '../responses.js';

const FindingList = closed(
  { ...aboutList, findings: Type.Array(named(FindingDocument)) },
  { description: 'What is wrong, the worst first.' },
);
const FindingQuery = closed({
  severity: maybe(word(SEVERITIES, 'Only findings of this severity.')),
  code: maybe(text('Only findings of this code.')),
  subject: maybe(word(SUBJECT_KINDS, 'Only findings about this kind of thing.')),
  gpu: QUERY_KEYS.gpu,
  limit: QUERY_KEYS.limit,
});

/** `GET /api/v1/findings`. */
export function findingRoute(app: FastifyInstance, source: NodeStateSource): void {
  app.get<{ Querystring: Static<typeof FindingQuery> }>(
    '/api/v1/findings',
    {
      schema: {
        operationId: 'listFindings',
        summary: 'What is wrong, with evidence and next step',
        querystring: FindingQuery,
        response: { 200: FindingList, ...problems('request_invalid', 'gpu_unknown', 'too_many_requests') },
      },
    },
    async ({ query: { severity, code, subject, gpu, limit = USUAL_ROWS } }) => {
      const state = source.current();
      const isOfGpu = rowsOfGpu(state, gpu);
      const names = new Set(
        state.gpus.filter((one) => isOfGpu(asRow(one))).flatMap((one) => [gpuName(one), String(one.index)]),
      );
      const parts = new Set(state.partitions.filter(isOfGpu).map(({ id }) => id));
      const fitting = state.findings
        .filter(
          (one) =>
            (severity === undefined || one.severity === severity) &&
            (code === undefined || one.code === code) &&
            (subject === undefined || one.subject.kind === subject) &&
            (gpu === undefined ||
              (one.subject.kind === 'gpu' && names.has(one.subject.id)) ||
              (one.subject.kind === 'partition' && parts.has(one.subject.id))),
        )
        .sort(worstFirst);
      return { ...listHead(state, fitting), findings: fitting.slice(0, limit) };
    },
  );
}

function asRow({
  index,
  uuid,
  pciBusId,
}: {
  readonly index: number;
  readonly uuid: string | undefined;
  readonly pciBusId: string | undefined;
}) {
  return { gpuIndex: index, gpuUuid: uuid, pciBusId };
}

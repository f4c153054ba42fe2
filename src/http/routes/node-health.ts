import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { SEVERITIES, severityRank } from '../../model/finding.js';
import { gpuNamed, notNamed } from '../../model/gpu-name.js';
import { gpuVerdict, HEALTH_STATUSES, type Verdict } from '../../model/node-health.js';
import type { NodeState, NodeStateSource } from '../../model/node-state.js';
import { FindingDocument } from '../documents/finding.js';
import { NamedVerdictDocument, VerdictDocument } from '../documents/health.js';
import { closed, integer, maybe, named, number, text, word } from '../documents/words.js';
import { QUERY_KEYS } from '../list.js';
import { Problem } from '../problem.js';
import { problems } from '../responses.js';

/** Status with which a verdict is answered that the caller wants to fail on, unless the query names another. */
const USUAL_FAILURE = 503;

const NodeHealthAnswer = closed(
  {
    atUnixSeconds: number('Unix time of the state this is taken from.'),
    simulated: maybe(text('There only when the driver is a simulation.')),
    subject: text('What the verdict is about: node, or the id of the GPU or partition that was asked for.'),
    ...VerdictDocument.properties,
    gpus: Type.Array(named(NamedVerdictDocument)),
    partitions: Type.Array(named(NamedVerdictDocument)),
    findings: Type.Array(named(FindingDocument), { description: 'Those that are about it, the worst first.' }),
    muted: integer('How many findings about it are muted: they count in no verdict.'),
  },
  { description: 'Whether the hardware is well, and why not.' },
);

const HealthQuery = closed({
  gpu: QUERY_KEYS.gpu,
  partition: maybe(text('Only this partition, by its id.')),
  severity: maybe(word(SEVERITIES, 'Only findings of this severity and above; the verdict counts all.')),
  fail_on: maybe(
    Type.Array(word(HEALTH_STATUSES), {
      description: 'Verdicts that are answered with a failure, for load balancers; given several times for several.',
    }),
  ),
  fail_status: maybe(
    Type.Integer({
      minimum: 500,
      maximum: 599,
      description: `HTTP status of such a failure; ${USUAL_FAILURE} when missing.`,
    }),
  ),
});

type Query = Static<typeof HealthQuery>;

/** `GET /api/v1/health`. */
export function nodeHealthRoute(app: FastifyInstance, source: NodeStateSource): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/health',
    {
      schema: {
        operationId: 'getNodeHealth',
        summary: 'Whether the hardware is well: verdict, findings, what to do',
        querystring: HealthQuery,
        response: {
          200: NodeHealthAnswer,
          '5xx': { ...NodeHealthAnswer, description: 'A verdict of fail_on.' },
          ...problems('request_invalid', 'gpu_unknown', 'partition_unknown', 'too_many_requests'),
        },
      },
    },
    async ({ query }, reply) => {
      const { fail_on: failOn = [], fail_status: failure = USUAL_FAILURE } = query;
      const answer = answerTo(source.current(), query);
      if (failOn.includes(answer.status)) reply.code(failure);
      return answer;
    },
  );
}

/** A part of the node that was asked for, and what is known of it. */
interface Scope {
  readonly subject: string;
  readonly verdict: Verdict;
  readonly gpuIds: readonly string[];
  readonly partitionIds: readonly string[];
  /** Whether it is all there is, so that findings about node and agent belong to it. */
  readonly isNode: boolean;
}

function answerTo(state: NodeState, query: Query) {
  const { subject, verdict, gpuIds, partitionIds, isNode } = scopeOf(state, query);
  const { health, findings, atUnixSeconds, simulated } = state;
  const about = findings.filter(
    ({ subject: { kind, id } }) =>
      isNode ||
      (kind === 'gpu' && gpuIds.includes(id)) ||
      (kind === 'partition' && partitionIds.includes(id)) ||
      kind === 'node',
  );
  const least = query.severity === undefined ? 0 : severityRank(query.severity);
  return {
    atUnixSeconds,
    simulated,
    subject,
    ...verdict,
    gpus: health.gpus.filter(({ id }) => isNode || gpuIds.includes(id)),
    partitions: health.partitions.filter(({ id }) => isNode || partitionIds.includes(id)),
    findings: about.filter(({ severity }) => severityRank(severity) >= least),
    muted: about.filter(({ mutedBy }) => mutedBy !== undefined).length,
  };
}

function scopeOf(state: NodeState, { gpu, partition }: Query): Scope {
  if (partition !== undefined) return scopeOfPartition(state, partition, gpu);
  if (gpu === undefined)
    return { subject: 'node', verdict: state.health.node, gpuIds: [], partitionIds: [], isNode: true };
  const found = gpuNamed(state.gpus, gpu);
  // A GPU that is not there any more is asked for by those who miss it.
  const gone = state.health.gpus.find(({ id }) => id === gpu);
  if (found === undefined && gone === undefined) throw new Problem('gpu_unknown', notNamed(state, gpu));
  const id = found === undefined ? gpu : (found.uuid ?? String(found.index));
  const parts = state.partitions.filter((one) => found !== undefined && (one.gpuUuid ?? String(one.gpuIndex)) === id);
  return {
    subject: id,
    verdict: found === undefined ? (gone as Verdict) : gpuVerdict(state.health, found),
    gpuIds: [id],
    partitionIds: parts.map((one) => one.id),
    isNode: false,
  };
}

function scopeOfPartition(state: NodeState, id: string, gpu: string | undefined): Scope {
  const verdict = state.health.partitions.find((one) => one.id === id);
  const partition = state.partitions.find((one) => one.id === id);
  if (verdict === undefined || partition === undefined) {
    throw new Problem(
      'partition_unknown',
      `No partition has the id ${JSON.stringify(id)}. /api/v1/partitions lists them.`,
    );
  }
  if (gpu !== undefined) throw new Problem('request_invalid', 'gpu and partition exclude each other.');
  const owner = partition.gpuUuid ?? (partition.gpuIndex === undefined ? undefined : String(partition.gpuIndex));
  return { subject: id, verdict, gpuIds: owner === undefined ? [] : [owner], partitionIds: [id], isNode: false };
}

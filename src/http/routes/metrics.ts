import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { MetricsFilter } from '../../model/metrics-filter.js';
import { COLLECTORS, type CollectorName } from '../../model/node-state.js';
import { whenAnswered } from '../answered.js';
import { closed, maybe, word } from '../documents/words.js';
import { acceptsGzip, CONTENT_TYPES, metricsFormat } from '../negotiation.js';
import { Problem } from '../problem.js';
import { requestCap } from '../request-cap.js';
import { problems } from '../responses.js';
import { type MetricsSource, Scrape } from '../scrape.js';
import type { TrafficObserver } from '../traffic.js';

/** How the metrics route is set up. */
export interface MetricsRoute {
  readonly path: string;
  readonly metrics: MetricsSource;
  /** Sources that the configuration switched off. */
  readonly switchedOff: () => readonly CollectorName[];
  /** Requests answered at the same time. */
  readonly maxRequests: number;
  /** Told how long each scrape took. */
  readonly traffic?: TrafficObserver | undefined;
}

/** Prometheus' own default, used when a client does not say how long it waits. */
const DEFAULT_TIMEOUT_SECONDS = 10;

const body = { schema: Type.String() };

/** Keys as node_exporter and client_golang have them: one value each, any number of times. */
const MetricsQuery = closed({
  'collect[]': maybe(Type.Array(word(COLLECTORS), { description: 'Only families of these sources.' })),
  'exclude[]': maybe(Type.Array(word(COLLECTORS), { description: 'No families of these sources alone.' })),
  'name[]': maybe(Type.Array(Type.String(), { description: 'Only families of these names.' })),
});

/** `GET /metrics`. */
export function metricsRoute(
  app: FastifyInstance,
  { path, metrics, switchedOff, maxRequests, traffic }: MetricsRoute,
): void {
  const scrape = Scrape.of(metrics);

  app.get<{ Querystring: Static<typeof MetricsQuery> }>(
    path,
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus: text 0.0.4, or OpenMetrics 1.0.0 when asked for',
        querystring: MetricsQuery,
        response: {
          200: {
            description: 'The metrics.',
            content: { 'text/plain': body, 'application/openmetrics-text': body },
          },
          ...problems('request_invalid', 'too_many_requests', 'scrape_timeout', 'internal'),
        },
      },
      onRequest: requestCap(maxRequests),
    },
    async (request, reply) => {
      const filter = filterOf(request.query, metrics, switchedOff());
      const format = metricsFormat(request.headers.accept);
      const compressed = acceptsGzip(request.headers['accept-encoding']);
      const limit = timeoutSeconds(request.headers['x-prometheus-scrape-timeout-seconds']);
      const started = performance.now();
      const { bytes, done } = await within(limit, scrape.body(format, compressed, filter));
      whenAnswered(reply.raw, request.raw.socket, done);
      traffic?.observeScrape(path, (performance.now() - started) / 1_000);
      reply.type(CONTENT_TYPES[format]).header('vary', 'Accept, Accept-Encoding');
      if (compressed) reply.header('content-encoding', 'gzip');
      return reply.send(bytes);
    },
  );
}

/**
 * What a query sorts out; the same for two that want the same, so that they share a gather. Throws `request_invalid` for
 * what would never give anything: a scrape that is empty by mistake is found much later.
 */
function filterOf(
  query: Static<typeof MetricsQuery>,
  metrics: MetricsSource,
  switchedOff: readonly CollectorName[],
): MetricsFilter {
  const collect = sorted(query['collect[]']);
  const exclude = sorted(query['exclude[]']);
  const names = sorted(query['name[]']);
  if (collect !== undefined && exclude !== undefined) {
    throw new Problem('request_invalid', 'collect[] and exclude[] exclude each other.', 'Leave one of them out.');
  }
  for (const name of collect ?? []) {
    if (!switchedOff.includes(name)) continue;
    throw new Problem('request_invalid', `collect[]: ${name} is switched off (--collector.${name}=false).`);
  }
  for (const name of names ?? []) {
    const reason = metrics.whyNot?.(name);
    if (reason !== undefined) throw new Problem('request_invalid', `name[]: ${reason}`);
  }
  return { collect, exclude, names };
}

function sorted<Value extends string>(values: readonly Value[] | undefined): readonly Value[] | undefined {
  return values === undefined ? undefined : [...new Set(values)].sort();
}

/** How long the client waits; what is not a positive number counts as not said. */
function timeoutSeconds(header: string | string[] | undefined): number {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return seconds > 0 ? Math.min(seconds, 60) : DEFAULT_TIMEOUT_SECONDS;
}

/** The result, or a problem a little before the client gives up, so that it learns why. */
async function within<T>(seconds: number, result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Problem('scrape_timeout', `The metrics took longer than the ${seconds} s the client waits.`)),
      seconds * 950,
    );
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

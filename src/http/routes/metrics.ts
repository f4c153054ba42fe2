import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { whenAnswered } from '../answered.js';
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
  /** Requests answered at the same time. */
  readonly maxRequests: number;
  /** Told how long each scrape took. */
  readonly traffic?: TrafficObserver | undefined;
}

/** Prometheus' own default, used when a client does not say how long it waits. */
const DEFAULT_TIMEOUT_SECONDS = 10;

const body = { schema: Type.String() };

/** `GET /metrics`. */
export function metricsRoute(app: FastifyInstance, { path, metrics, maxRequests, traffic }: MetricsRoute): void {
  const scrape = Scrape.of(metrics);

  app.get(
    path,
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus: text 0.0.4, or OpenMetrics 1.0.0 when asked for',
        response: {
          200: {
            description: 'The metrics.',
            content: { 'text/plain': body, 'application/openmetrics-text': body },
          },
          ...problems('too_many_requests', 'scrape_timeout', 'internal'),
        },
      },
      onRequest: requestCap(maxRequests),
    },
    async (request, reply) => {
      const format = metricsFormat(request.headers.accept);
      const compressed = acceptsGzip(request.headers['accept-encoding']);
      const limit = timeoutSeconds(request.headers['x-prometheus-scrape-timeout-seconds']);
      const started = performance.now();
      const { bytes, done } = await within(limit, scrape.body(format, compressed));
      whenAnswered(reply.raw, request.raw.socket, done);
      traffic?.observeScrape(path, (performance.now() - started) / 1_000);
      reply.type(CONTENT_TYPES[format]).header('vary', 'Accept, Accept-Encoding');
      if (compressed) reply.header('content-encoding', 'gzip');
      return reply.send(bytes);
    },
  );
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

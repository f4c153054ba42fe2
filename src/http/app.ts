import swagger from '@fastify/swagger';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import Type from 'typebox';
import type { ControlActions } from '../model/control.js';
import type { EventHistory } from '../model/event.js';
import type { NodeStateSource } from '../model/node-state.js';
import { AGENT_VERSION } from '../version.js';
import { compilersFactory } from './compilers.js';
import type { ReadingNotes } from './documents/explained-reading.js';
import { GPU_IN_FULL_PARTS } from './documents/gpu-in-full.js';
import { DOCUMENTS, nodeDocument } from './documents/node.js';
import { ProcessDocument } from './documents/process.js';
import { answerFailures, earlyFailures } from './failures.js';
import { ProblemDocument } from './problem.js';
import { requestCap } from './request-cap.js';
import { controlRoutes } from './routes/control.js';
import { eventRoute, rememberedEvents } from './routes/events.js';
import { findingRoute } from './routes/findings.js';
import { gpuRoutes } from './routes/gpus.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { nodeResponse, nodeRoute } from './routes/node.js';
import { nodeHealthRoute } from './routes/node-health.js';
import { pageRoutes } from './routes/page.js';
import { partitionRoute } from './routes/partitions.js';
import { pciRoute } from './routes/pci.js';
import { processRoute } from './routes/processes.js';
import type { MetricsSource } from './scrape.js';
import { addSecurityHeaders } from './security-headers.js';
import { observeRequests, type TrafficObserver } from './traffic.js';

/** What both apps need. */
interface Parts {
  readonly source: NodeStateSource;
  readonly metrics: MetricsSource;
  /** Requests answered at the same time, of each kind: metrics, API. */
  readonly maxRequests: number;
  /** Told of every answered request; missing = nobody counts them. */
  readonly traffic?: TrafficObserver | undefined;
  /** Undefined = no log lines. */
  readonly log: FastifyBaseLogger | undefined;
}

/** What the app on the TCP port needs. */
export interface WebParts extends Parts {
  readonly telemetryPath: string;
  /** Where events are looked up; default: what the state remembers. */
  readonly events?: EventHistory | undefined;
  /** What the metrics say of a reading; default: nothing. */
  readonly readingNotes?: ReadingNotes | undefined;
}

/** What the app on the control socket needs. */
export interface ControlParts extends Parts {
  readonly control: ControlActions;
}

/** Bodies are a few keys. */
const BODY_LIMIT_BYTES = 16 * 1024;

function bare({ log, traffic }: Pick<Parts, 'log' | 'traffic'>): FastifyInstance {
  const app = fastify({
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: 128 },
    // A request has to be complete in 10 s; a connection on which nothing moves is dropped. Prometheus keeps its
    // connection between scrapes, so an idle one may live longer than the usual scrape interval.
    requestTimeout: 10_000,
    connectionTimeout: 180_000,
    keepAliveTimeout: 150_000,
    schemaController: { compilersFactory },
    ...earlyFailures,
  });
  answerFailures(app);
  if (traffic !== undefined) observeRequests(app, traffic);
  for (const document of [...DOCUMENTS, ProcessDocument, ...GPU_IN_FULL_PARTS, ProblemDocument]) {
    app.addSchema(document);
  }
  return app;
}

/**
 * The app of the TCP port: metrics, API, health and page. It changes nothing, whoever asks. It does not listen; tests
 * inject requests.
 */
export function buildWebApp(parts: WebParts): FastifyInstance {
  const { source, telemetryPath } = parts;
  const app = bare(parts);
  addSecurityHeaders(app);
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'gpu-node-agent',
        version: AGENT_VERSION,
        description: 'What is on this GPU node. Absent means absent: what has no value is a missing key.',
      },
    },
    refResolver: { buildLocalReference: (document, _base, _fragment, index) => String(document.$id ?? `def-${index}`) },
  });
  void app.register((routes, _options, done) => {
    metricsRoute(routes, { ...parts, path: telemetryPath, switchedOff: () => source.current().switchedOff });
    healthRoutes(routes, source);
    apiRoutes(routes, parts);
    pageRoutes(routes, source, telemetryPath);
    const schema = {
      operationId: 'getOpenApi',
      summary: 'This description (OpenAPI 3.1)',
      response: {
        200: { description: 'The description.', content: { 'application/json': { schema: Type.Unknown() } } },
      },
    };
    routes.get('/openapi.json', { schema }, async () => app.swagger());
    done();
  });
  return app;
}

/** All that is below `/api/v1`. */
function apiRoutes(app: FastifyInstance, parts: WebParts): void {
  const { source, maxRequests, events = rememberedEvents(source), readingNotes = () => undefined } = parts;
  void app.register((routes, _options, done) => {
    routes.addHook('onRequest', requestCap(maxRequests));
    nodeRoute(routes, source);
    partitionRoute(routes, source);
    gpuRoutes(routes, source, readingNotes);
    processRoute(routes, source);
    pciRoute(routes, source);
    findingRoute(routes, source);
    nodeHealthRoute(routes, source);
    eventRoute(routes, source, events);
    done();
  });
}

/** The app of the control socket: the state, and the actions that change what the agent holds. */
export function buildControlApp(parts: ControlParts): FastifyInstance {
  const { source, control } = parts;
  const app = bare(parts);
  const schema = { operationId: 'getState', summary: 'Everything known of this node', response: { 200: nodeResponse } };
  app.get('/v1/state', { schema }, async () => nodeDocument(source.current()));
  metricsRoute(app, { ...parts, path: '/v1/metrics', switchedOff: () => source.current().switchedOff });
  controlRoutes(app, control);
  return app;
}

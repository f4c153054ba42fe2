import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Who is told of the requests that were answered: the agent's metrics about itself. */
export interface TrafficObserver {
  /** One answered request. `route` is the route's pattern, or `unknown`; `seconds` go from its head to the answer's end. */
  observeRequest(request: {
    readonly route: string;
    readonly method: string;
    readonly code: number;
    readonly seconds: number;
  }): void;
  /** Metrics were gathered, and compressed where that was asked for, in so many seconds. */
  observeScrape(endpoint: string, seconds: number): void;
}

/** What stands for the path of a request that no route takes, and for a method of it that few would send. */
const UNKNOWN_ROUTE = 'unknown';
const OTHER_METHOD = 'other';
const USUAL_METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];

/** Tells an observer of every answered request of an app. Call it before the routes are added. */
export function observeRequests(app: FastifyInstance, observer: TrafficObserver): void {
  app.addHook('onResponse', async (request, reply) => {
    observer.observeRequest({ ...namesOf(request), code: reply.statusCode, seconds: reply.elapsedTime / 1_000 });
  });
}

/** Of what a client may invent nothing becomes a label: it could make as many series as it likes. */
function namesOf({ method, is404, routeOptions }: FastifyRequest): { readonly route: string; readonly method: string } {
  if (!is404 && routeOptions.url !== undefined) return { route: routeOptions.url, method };
  return { route: UNKNOWN_ROUTE, method: USUAL_METHODS.includes(method) ? method : OTHER_METHOD };
}

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ControlError } from '../model/control.js';
import { methodsAt, type RoutePattern } from './methods.js';
import { PROBLEM_TYPE, Problem } from './problem.js';

/** Turns what a route throws into a problem; an unexpected error is logged and its text kept inside. */
function problemOf(error: FastifyError | Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ControlError) return new Problem(error.code, error.message, error.nextStep);
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new Problem('request_too_large', error.message);
  if (status === 415) return new Problem('media_type_unsupported', error.message, 'Send application/json.');
  if (status !== undefined && status >= 400 && status < 500) return new Problem('request_invalid', error.message);
  request.log.error({ err: error, path: request.url }, 'a route failed');
  return new Problem('internal', 'The reason is in the log of the agent.', 'Please report it.');
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.statusCode).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** Makes every failure of an app a problem document, unknown paths and methods included. */
export function answerFailures(app: FastifyInstance): void {
  const routes: RoutePattern[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of Array.isArray(method) ? method : [method]) routes.push({ method: one, url });
  });
  app.setErrorHandler((error: FastifyError, request, reply) => send(reply, problemOf(error, request)));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const methods = methodsAt(routes, path);
    if (methods.length === 0) {
      return send(reply, new Problem('route_unknown', `${path} is not a path of this agent.`, 'See /openapi.json.'));
    }
    const detail = `${path} knows ${methods.join(', ')}; got ${request.method}.`;
    return send(reply.header('allow', methods.join(', ')), new Problem('method_not_allowed', detail));
  });
}

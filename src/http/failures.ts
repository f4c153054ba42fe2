import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { ControlError } from '../model/control.js';
import { methodsAt, type RoutePattern } from './methods.js';
import { PROBLEM_TYPE, Problem } from './problem.js';

/** Turns what a route throws into a problem; an unexpected error is logged and its text kept inside. */
function problemOf(error: FastifyError | Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ControlError) return new Problem(error.code, error.message, error.nextStep);
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new Problem('request_too_large', error.message);
  if (status === 414) return new Problem('path_too_long', error.message);
  if (status === 415) return new Problem('media_type_unsupported', error.message, 'Send application/json.');
  if (status !== undefined && status >= 400 && status < 500) return new Problem('request_invalid', error.message);
  request.log.error({ err: error, path: request.url }, 'a route failed');
  return new Problem('internal', 'The reason is in the log of the agent.', 'Please report it.');
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.statusCode).headers(problem.headers).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** What Node's parser says of bytes that are no request; everything else is just not valid. */
const PARSER_PROBLEMS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: new Problem('headers_too_large', 'The headers are larger than 16 KiB.'),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem('request_timeout', 'The request was not complete within 10 seconds.'),
};
const NOT_HTTP = new Problem('request_invalid', 'This is not a valid HTTP/1.1 request.');

/** Options of an app for failures that come before its routes: what is no request, and paths that cannot be read. */
export const earlyFailures = {
  frameworkErrors: (error, request, reply) => void send(reply, problemOf(error, request)),
  clientErrorHandler(error, socket) {
    // A peer that went away cannot be told anything.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = PARSER_PROBLEMS[error.code] ?? NOT_HTTP;
    const body = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  },
} satisfies Pick<FastifyServerOptions, 'frameworkErrors' | 'clientErrorHandler'>;

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

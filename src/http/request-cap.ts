import type { onRequestAsyncHookHandler } from 'fastify';
import { whenAnswered } from './answered.js';
import { Problem } from './problem.js';

/** Seconds after which one that was refused may ask again: answers take milliseconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * A hook that lets at most so many requests through at a time; the others are told when to ask again. An answer counts
 * until it is written out: a slow reader holds its bytes in memory that long.
 */
export function requestCap(most: number): onRequestAsyncHookHandler {
  let running = 0;
  return async (request, reply) => {
    if (running >= most) {
      throw new Problem(
        'too_many_requests',
        `${most} requests of this kind are being answered already.`,
        'Ask less often, or raise --web.max-requests.',
        { 'retry-after': String(RETRY_AFTER_SECONDS) },
      );
    }
    running += 1;
    whenAnswered(reply.raw, request.raw.socket, () => {
      running -= 1;
    });
  };
}

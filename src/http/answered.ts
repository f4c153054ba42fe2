import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What is waited for on a connection. One listener for all of them: a client may pipeline any number of requests. */
const waiting = new WeakMap<Socket, Set<() => void>>();

function waitingOn(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const fresh = new Set<() => void>();
  waiting.set(socket, fresh);
  socket.once('close', () => {
    for (const settle of [...fresh]) settle();
  });
  return fresh;
}

/**
 * Calls `settled` exactly once: when the answer is written out, or will never be, because its connection is gone. Calls
 * it at once where that has happened already. Node emits no `close` on the answer to a pipelined request that was
 * still waiting for its turn when the connection ended, so that the connection is listened to as well.
 */
export function whenAnswered(answer: ServerResponse, socket: Socket, settled: () => void): void {
  if (answer.closed || answer.destroyed || socket.closed) {
    settled();
    return;
  }
  const onSocket = waitingOn(socket);
  const settle = () => {
    // Either event may come first, and both may come.
    if (!onSocket.delete(settle)) return;
    answer.off('close', settle);
    settled();
  };
  onSocket.add(settle);
  answer.once('close', settle);
}

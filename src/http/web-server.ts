import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { parseListenAddress, urlOf } from '../config/listen-address.js';
import { listen } from './listen.js';

/** The address cannot be listened on; the message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A listening server. */
export interface WebServer {
  /** URL that reaches it from this machine. */
  readonly url: string;
  /** Takes no more requests, gives those being answered half a second, then closes every connection. */
  close(): Promise<void>;
}

/** Grace for answers that are being written when the agent ends. */
const GRACE_MILLISECONDS = 500;

/** Puts an app on its address. Throws `ListenError`. */
export async function openWebServer(app: FastifyInstance, listenAddress: string): Promise<WebServer> {
  const address = parseListenAddress(listenAddress);
  if (address === undefined) throw new Error(`"${listenAddress}" is not an address`);
  try {
    await app.ready();
    await listen(app.server, { port: address.port, host: address.host ?? '::' });
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    // A machine without IPv6 has no `::`; every interface is then every IPv4 interface.
    if (address.host === undefined && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return openWebServer(app, `0.0.0.0:${address.port}`);
    }
    throw new ListenError(code, `cannot listen on ${listenAddress}: ${advice(code, message)}`);
  }
  const { port } = app.server.address() as AddressInfo;
  return {
    url: urlOf({ host: address.host, port }),
    async close() {
      const impatience = setTimeout(() => app.server.closeAllConnections(), GRACE_MILLISECONDS);
      app.server.closeIdleConnections();
      await app.close();
      clearTimeout(impatience);
    },
  };
}

function advice(code: string, message: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'something else listens there. Stop it, or choose another address with --web.listen-address.';
    case 'EACCES':
      return 'this user may not use the port. Choose one above 1023 with --web.listen-address.';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address. Choose one it has with --web.listen-address.';
    default:
      return `${message}. Choose another address with --web.listen-address.`;
  }
}

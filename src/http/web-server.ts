import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer, isIP, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type ListenAddress, parseListenAddress, urlOf } from '../config/listen-address.js';
import { guardHost, isLoopback } from './host-guard.js';
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

/** What differs from the usual. */
export interface WebServerOptions {
  /** Names by which requests may reach a loopback address; default: none beside those of `guardHost`. */
  readonly allowedHosts?: readonly string[];
  /** Addresses a name stands for; default: the system's resolver. */
  readonly addressesOf?: (name: string) => Promise<readonly string[]>;
}

/** Grace for answers that are being written when the agent ends. */
const GRACE_MILLISECONDS = 500;

/** What a machine answers that lacks an address, or a whole family of them. */
const NO_SUCH_ADDRESS: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/**
 * Puts an app on its address: on all that a name stands for. Where these are loopback addresses, requests must name
 * this machine or one of `allowedHosts` (see `guardHost`). Throws `ListenError`.
 */
export async function openWebServer(
  app: FastifyInstance,
  listenAddress: string,
  { allowedHosts = [], addressesOf = resolved }: WebServerOptions = {},
): Promise<WebServer> {
  const address = parseListenAddress(listenAddress);
  if (address === undefined) throw new Error(`"${listenAddress}" is not an address`);
  const further: Server[] = [];
  try {
    const hosts = await hostsOf(address, addressesOf);
    if (hosts.every(isLoopback)) guardHost(app, [...allowedHosts, address.host ?? '']);
    await app.ready();
    let { port } = address;
    for (const [position, host] of hosts.entries()) {
      const server = app.server.listening ? connectionsFor(app) : app.server;
      try {
        await listen(server, { port, host });
      } catch (error) {
        // `localhost` may stand for ::1 on a machine without IPv6; one of the addresses must be there.
        const { code = '' } = error as NodeJS.ErrnoException;
        const enough = app.server.listening || position < hosts.length - 1;
        if (enough && NO_SUCH_ADDRESS.has(code)) continue;
        throw error;
      }
      if (server !== app.server) further.push(server);
      // The first one decides which port `0` is; `::` takes IPv4 connections too.
      ({ port } = app.server.address() as AddressInfo);
      if (host === '::') break;
    }
  } catch (error) {
    for (const server of [app.server, ...further]) server.close();
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    throw new ListenError(code, `cannot listen on ${listenAddress}: ${advice(code, message)}`);
  }
  const { port } = app.server.address() as AddressInfo;
  return {
    url: urlOf({ host: address.host, port }),
    async close() {
      const impatience = setTimeout(() => app.server.closeAllConnections(), GRACE_MILLISECONDS);
      // The app's server does not wait for connections that others took.
      const ended = further.map((server) => new Promise((resolve) => server.close(resolve)));
      app.server.closeIdleConnections();
      await app.close();
      await Promise.all(ended);
      clearTimeout(impatience);
    },
  };
}

/** Addresses to listen on, in this order; a name stands for all it resolves to. */
async function hostsOf(
  { host }: ListenAddress,
  addressesOf: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (host === undefined) return ['::', '0.0.0.0'];
  if (isIP(host.split('%', 1)[0] ?? '') !== 0) return [host];
  return addressesOf(host);
}

async function resolved(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** A server that hands its connections to the app's, whose limits and closing then hold for them too. */
function connectionsFor(app: FastifyInstance): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket));
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

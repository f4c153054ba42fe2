import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

/** Whether only this machine reaches an IP address (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(address: string): boolean {
  const four = address.replace(/^::ffff:/i, '');
  return address === '::1' || (isIP(four) === 4 && four.startsWith('127.'));
}

/** The name in a Host header, lower case and without port and final dot; undefined when it is none. */
export function nameOfHost(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.replace(/\.$/, '').toLowerCase();
}

/**
 * Refuses requests that mean another machine. A browser on this one asks whatever address a page's own name points to,
 * 127.0.0.1 too, and lets the page read the answer; the Host header then has that name. What has no such header (no
 * browser leaves it out), an IP address or one of our names is let in. Call it before the app is ready.
 */
export function guardHost(app: FastifyInstance, allowed: readonly string[]): void {
  if (allowed.includes('*')) return;
  const own = hostname().toLowerCase();
  const names = new Set(['localhost', own, own.split('.', 1)[0], ...allowed.map((name) => name.toLowerCase())]);
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (host === undefined || host === '') return;
    const name = nameOfHost(host);
    if (name !== undefined && (isIP(name) !== 0 || names.has(name))) return;
    throw new Problem(
      'host_unknown',
      'The Host header names another machine, and this address is for this one.',
      'Ask by IP address or localhost, or add the name with --web.allowed-host.',
    );
  });
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

const open: WebServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(address: string, metrics: MetricsSource = { render: async () => Buffer.from('x 1\n') }) {
  const app = buildWebApp({
    source: { current: () => runningState() },
    metrics,
    maxRequests: 4,
    telemetryPath: '/metrics',
    log: undefined,
  });
  const server = await openWebServer(app, address);
  open.push(server);
  return server;
}

describe('the web server', () => {
  it.each(['127.0.0.1:0', 'localhost:0', ':0'])('on %s answers at the URL it prints', async (address) => {
    const { url } = await start(address);
    expect(url).toMatch(/^http:\/\/(?:127\.0\.0\.1|localhost):[1-9]\d*$/);
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('says what is wrong with an address that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start(`127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${port}: something else listens there. Stop it, or choose another address with --web.listen-address.`,
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it('says what is wrong with an address the machine has not', async () => {
    // TEST-NET-1 (RFC 5737) belongs to no machine.
    await expect(start('192.0.2.1:0')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('ends in time although a client keeps its connection and an answer never comes', async () => {
    const server = await start('127.0.0.1:0', { render: () => new Promise(() => {}) });
    const { port, hostname } = new URL(server.url);
    const idle = connect(Number(port), hostname);
    idle.on('error', () => {});
    await new Promise((resolve) => idle.once('connect', resolve));
    const never = fetch(`${server.url}/metrics`).catch(() => 'cut off');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(await never).toBe('cut off');
    idle.destroy();
  });
});

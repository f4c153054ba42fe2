import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import { openWebServer, type WebServer, type WebServerOptions } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

/** A limit against hanging for ever, not a measurement. */
const PATIENT = { timeout: 20_000 };

/** Status of `/healthz`, or why there is none. */
function ask(host: string, port: string): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const asked = get({ host, port, path: '/healthz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}

const open: WebServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(
  address: string,
  metrics: MetricsSource = { render: async () => Buffer.from('x 1\n') },
  options?: WebServerOptions,
) {
  const app = buildWebApp({
    source: { current: () => runningState() },
    metrics,
    maxRequests: 4,
    telemetryPath: '/metrics',
    log: undefined,
  });
  const server = await openWebServer(app, address, options);
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

  it('answers at every address a name stands for, passes over those the machine has not, and leaves none', async () => {
    // TEST-NET-1 (RFC 5737) belongs to no machine; all of 127.0.0.0/8 is this one.
    const addresses = ['192.0.2.1', '127.0.0.1', '127.0.0.2'];
    const server = await start('gpu.internal:0', undefined, { addressesOf: async () => addresses });
    const { port } = new URL(server.url);
    for (const host of ['127.0.0.1', '127.0.0.2']) expect(await ask(host, port), host).toBe(200);
    expect(await ask('127.0.0.3', port)).toBe('ECONNREFUSED');
    await server.close();
    for (const host of ['127.0.0.1', '127.0.0.2']) expect(await ask(host, port), host).toBe('ECONNREFUSED');
  });

  it('has closed the connections to every address when it says so, after the grace for their answers', async () => {
    const asked = new Set<string>();
    const metrics: MetricsSource = {
      render: (format) => {
        asked.add(format);
        return format === 'text'
          ? new Promise((resolve) => setTimeout(resolve, 200, Buffer.from('x 1\n')))
          : new Promise(() => {});
      },
    };
    const names = { addressesOf: async () => ['127.0.0.1', '127.0.0.2'] };
    const server = await start('gpu.internal:0', metrics, names);
    const { port } = new URL(server.url);
    const scrape = (accept: string) => {
      const socket = connect(Number(port), '127.0.0.2');
      const client = { text: '', closed: false };
      socket.setEncoding('utf8').on('data', (more) => {
        client.text += more;
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        client.closed = true;
      });
      socket.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
      return client;
    };
    const slow = scrape('text/plain');
    const never = scrape('application/openmetrics-text');
    await expect.poll(() => asked.size, PATIENT).toBe(2);
    await server.close();
    await expect.poll(() => [slow.closed, never.closed], PATIENT).toEqual([true, true]);
    expect(slow.text).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nx 1\n$/s);
    expect(never.text).toBe('');
  });

  it('does not start where one address of a name is taken by somebody else, and lets go of the others', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.2', resolve));
    const { port } = other.address() as AddressInfo;
    const names = { addressesOf: async () => ['127.0.0.1', '127.0.0.2'] };
    await expect(start(`gpu.internal:${port}`, undefined, names)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await ask('127.0.0.1', String(port))).toBe('ECONNREFUSED');
    await new Promise((resolve) => other.close(resolve));
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
    let asked = false;
    const server = await start('127.0.0.1:0', {
      render: () => {
        asked = true;
        return new Promise(() => {});
      },
    });
    const { port, hostname } = new URL(server.url);
    const idle = connect(Number(port), hostname);
    idle.on('error', () => {});
    await new Promise((resolve) => idle.once('connect', resolve));
    const never = fetch(`${server.url}/metrics`).catch(() => 'cut off');
    await expect.poll(() => asked, PATIENT).toBe(true);
    await server.close();
    expect(await never).toBe('cut off');
    idle.destroy();
  });
});

import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

const MAX_REQUESTS = 4;

/** More than the buffers of a connection take, so that a client that does not read is waited for. */
const LONG_BYTES = 16 * 1024 * 1024;

/** Counts what it lends. */
class Lending implements MetricsSource {
  readonly #lent = new Set<Uint8Array>();
  rendered = 0;
  releasedTwice = 0;

  constructor(private readonly bytes = 1_000) {}

  get lent(): number {
    return this.#lent.size;
  }

  async render(): Promise<Uint8Array> {
    this.rendered += 1;
    const bytes = new Uint8Array(this.bytes).fill(35);
    this.#lent.add(bytes);
    return bytes;
  }

  release(bytes: Uint8Array): void {
    if (!this.#lent.delete(bytes)) this.releasedTwice += 1;
  }
}

const open: { close(): Promise<void> }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(metrics: MetricsSource): Promise<WebServer> {
  const app = buildWebApp({
    source: { current: () => runningState() },
    metrics,
    maxRequests: MAX_REQUESTS,
    telemetryPath: '/metrics',
    log: undefined,
  });
  const server = await openWebServer(app, '127.0.0.1:0');
  open.push(server);
  return server;
}

/** A connection that asks for these paths one after another and reads nothing. */
async function ask({ url }: WebServer, ...paths: readonly string[]): Promise<Socket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''));
  return socket;
}

const times = (count: number, path: string) => Array.from({ length: count }, () => path);

async function statusOf({ url }: WebServer): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  await answer.arrayBuffer();
  return answer.status;
}

/** As many scrapes at once as may be, all of which succeed when nothing that is over is still counted. */
async function expectAllToFit(server: WebServer): Promise<void> {
  await expect
    .poll(() => Promise.all(times(MAX_REQUESTS, '').map(() => statusOf(server))), { timeout: 5_000 })
    .toEqual(Array.from({ length: MAX_REQUESTS }, () => 200));
}

describe('scrapes whose connection goes away', () => {
  it('do not count any more when they were waiting behind each other', async () => {
    const metrics = new Lending();
    const server = await serve(metrics);
    for (const _ of [1, 2]) {
      const client = await ask(server, ...times(MAX_REQUESTS + 5, '/metrics'));
      await expect.poll(() => metrics.rendered).toBeGreaterThan(0);
      client.resetAndDestroy();
    }
    await expectAllToFit(server);
  });

  it('do not count any more when they were waiting behind an answer that nobody read', async () => {
    const metrics = new Lending();
    const server = await serve(metrics);
    for (const _ of [1, 2]) {
      const before = metrics.rendered;
      const client = await ask(server, ...times(300, '/openapi.json'), ...times(3, '/metrics'));
      await expect.poll(() => metrics.rendered).toBeGreaterThan(before);
      client.resetAndDestroy();
    }
    await expectAllToFit(server);
  });

  it('give the memory of their answers back, once', async () => {
    const metrics = new Lending(LONG_BYTES);
    const server = await serve(metrics);
    const client = await ask(server, ...times(3, '/metrics'));
    await expect.poll(() => metrics.lent).toBe(1);
    client.resetAndDestroy();
    await expect.poll(() => metrics.lent, { timeout: 5_000 }).toBe(0);
    await expectAllToFit(server);
    await expect.poll(() => metrics.lent).toBe(0);
    expect(metrics.releasedTwice).toBe(0);
  });
});

describe('scrapes over one connection that lasts', () => {
  it('cause no warning of too many listeners when many wait at once', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const server = await serve(new Lending());
      const client = await ask(server, ...times(30, '/metrics'));
      let text = '';
      client.setEncoding('latin1').on('data', (more) => {
        text += more;
      });
      await expect.poll(() => text.match(/HTTP\/1\.1 (?:200|503) /gm)?.length, { timeout: 5_000 }).toBe(30);
      await expectAllToFit(server);
    } finally {
      process.off('warning', onWarning);
    }
    expect(warnings).toEqual([]);
  });
});

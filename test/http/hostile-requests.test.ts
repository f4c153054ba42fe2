import { request } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

const webApp = () =>
  buildWebApp({
    source: { current: () => runningState() },
    metrics: { render: async () => Buffer.from('x 1\n') },
    maxRequests: 4,
    telemetryPath: '/metrics',
    log: undefined,
  });

let server: WebServer;
beforeAll(async () => {
  server = await openWebServer(webApp(), '127.0.0.1:0');
});
afterAll(() => server.close());

/** Sends bytes as they are and gives what comes back until the server closes. */
function send(bytes: string): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in time')));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      resolve({ status: Number(head.split(' ')[1]), head, body });
    });
  });
}

/** Status of `/healthz` of another server, asked for by this name. */
function statusFrom({ url }: WebServer, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/healthz`, { headers: { host }, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
}

const get = (path: string, ...headers: string[]) =>
  send([`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'));

describe('the Host header on a loopback address', () => {
  const status = async (host: string) =>
    (await send(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status;

  it.each(['127.0.0.1', '127.0.0.1:9837', '10.1.2.3:9837', '[::1]:80', 'localhost', 'LocalHost.:1', hostname(), ''])(
    'may be %j',
    async (host) => {
      expect(await status(host)).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:9837',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a@localhost',
    '[x',
  ])('may not be %j: a page of that name would read the answers', async (host) => {
    const answer = await send(`GET /api/v1/node HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer.status).toBe(421);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'host_unknown',
      nextStep: expect.stringContaining('--web.allowed-host'),
    });
    expect(answer.body).not.toContain('gpus');
  });

  it('may be missing in HTTP/1.0', async () => {
    expect((await send('GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it.each([
    ['gpu.internal', 200],
    ['GPU.internal:80', 200],
    ['other.internal', 421],
  ] as const)('may be a configured name: %s', async (host, expected) => {
    const own = await openWebServer(webApp(), '127.0.0.1:0', { allowedHosts: ['gpu.internal'] });
    try {
      expect(await statusFrom(own, host)).toBe(expected);
    } finally {
      await own.close();
    }
  });

  it('is not looked at where any name is allowed, or where other machines may ask', async () => {
    for (const [address, allowed] of [
      ['127.0.0.1:0', ['*']],
      [':0', []],
    ] as const) {
      const own = await openWebServer(webApp(), address, { allowedHosts: allowed });
      try {
        expect(await statusFrom(own, 'evil.example')).toBe(200);
      } finally {
        await own.close();
      }
    }
  });
});

describe('requests nobody sends in earnest get a problem, and the next one is served', () => {
  it.each([
    ['a path that is not encoded right', () => get('/%zz'), 400],
    ['a name that is not encoded right', () => get('/api/v1/gpus/%ff'), 400],
    ['a name with a zero byte', () => get('/api/v1/gpus/%00'), 404],
    ['a name that is too long', () => get(`/api/v1/gpus/${'9'.repeat(500)}`), 414],
    ['a way up', () => get('/api/v1/../../etc/passwd'), 404],
    ['headers that are too large', () => get('/metrics', `X-Long: ${'x'.repeat(20_000)}`), 431],
    ['no HTTP at all', () => send('\u0016\u0003\u0001 hello\r\n\r\n'), 400],
    [
      'two lengths',
      () => send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'),
      400,
    ],
  ])('%s', async (_name, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: expect.stringMatching(/^[a-z_]+$/) });
    expect((await get('/healthz')).status).toBe(200);
  });
});

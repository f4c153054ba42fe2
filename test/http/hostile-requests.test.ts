import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

let server: WebServer;
beforeAll(async () => {
  const app = buildWebApp({
    source: { current: () => runningState() },
    metrics: { render: async () => Buffer.from('x 1\n') },
    maxRequests: 4,
    telemetryPath: '/metrics',
    log: undefined,
  });
  server = await openWebServer(app, '127.0.0.1:0');
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

const get = (path: string, ...headers: string[]) =>
  send([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n'));

describe('requests nobody sends in earnest get a problem, and the next one is served', () => {
  it.each([
    ['a path that is not encoded right', () => get('/%zz'), 400],
    ['a name that is not encoded right', () => get('/api/v1/gpus/%ff'), 400],
    ['a name with a zero byte', () => get('/api/v1/gpus/%00'), 404],
    ['a name that is too long', () => get(`/api/v1/gpus/${'9'.repeat(500)}`), 414],
    ['a way up', () => get('/api/v1/../../etc/passwd'), 404],
    ['headers that are too large', () => get('/metrics', `X-Long: ${'x'.repeat(20_000)}`), 431],
    ['no HTTP at all', () => send('\u0016\u0003\u0001 hello\r\n\r\n'), 400],
    ['two lengths', () => send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'), 400],
  ])('%s', async (_name, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: expect.stringMatching(/^[a-z_]+$/) });
    expect((await get('/healthz')).status).toBe(200);
  });
});

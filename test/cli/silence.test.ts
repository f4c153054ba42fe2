import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildControlApp } from '../../src/http/app.js';
import { controlSocketPath, openControlSocket } from '../../src/http/control-socket.js';
import { listen } from '../../src/http/listen.js';
import { startingState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

describe('an agent whose control socket is silent', () => {
  const run = mkdtempSync(join(tmpdir(), 'gna-silent-'));
  const sockets = new Set<Socket>();
  const silent = createSocketServer((socket) => void sockets.add(socket));
  const web = createServer((request, response) => {
    response.end(request.url === '/metrics' ? 'gpu_count 2\n' : JSON.stringify(startingState()));
  });
  let flags: readonly string[];

  beforeAll(async () => {
    const path = controlSocketPath(run);
    mkdirSync(dirname(path), { recursive: true });
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    await listen(web, { host: '127.0.0.1', port: 0 });
    const { port } = web.address() as { port: number };
    flags = ['--timeout=1s', `--path.run=${run}`, `--web.listen-address=127.0.0.1:${port}`];
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all([silent, web].map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(run, { recursive: true, force: true });
  });

  it('is still asked for its metrics at its web address', async () => {
    expect(await runCommand(['metrics', ...flags])).toEqual({ code: 0, out: 'gpu_count 2\n', err: '' });
  });

  it('is still asked for its GPUs there', async () => {
    const { out } = await runCommand(['gpus', ...flags]);
    expect(out).toMatch(/^No GPUs: /);
  });
});

describe('an agent whose driver has said nothing yet', () => {
  const run = mkdtempSync(join(tmpdir(), 'gna-starting-'));
  let close: () => Promise<void>;

  beforeAll(async () => {
    const { log } = fastify({ logger: { level: 'silent' } });
    const app = buildControlApp({
      source: { current: () => startingState() },
      metrics: { render: async () => Buffer.from('') },
      maxRequests: 4,
      log: undefined,
      control: {
        release: () => Promise.reject(new Error('not asked for here')),
        resume: () => Promise.reject(new Error('not asked for here')),
        forget: () => Promise.reject(new Error('not asked for here')),
        holders: () => Promise.reject(new Error('not asked for here')),
      },
    });
    const self = () => ({ pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 });
    const socket = await openControlSocket({ app, path: controlSocketPath(run), peerCredentials: self, log });
    close = () => socket.close();
  });
  afterAll(async () => {
    await close();
    rmSync(run, { recursive: true, force: true });
  });

  it.each(['status', 'gpus', 'partitions', 'shares'])('makes %s end with 3', async (command) => {
    const { code, out } = await runCommand([command, `--path.run=${run}`]);
    expect([code, out]).toEqual([3, expect.stringContaining('the driver is being asked for the first time')]);
  });
});

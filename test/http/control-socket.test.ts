import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildControlApp } from '../../src/http/app.js';
import { type ControlSocket, controlSocketPath, openControlSocket } from '../../src/http/control-socket.js';
import { isAllowed, type PeerCredentials } from '../../src/http/peer.js';
import { type ControlActions, ControlError } from '../../src/model/control.js';
import { runningState } from './node-states.js';

let directory: string;
let open: ControlSocket[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gna-sock-'));
});
afterEach(async () => {
  await Promise.all(open.map((socket) => socket.close()));
  open = [];
  rmSync(directory, { recursive: true, force: true });
});

const asked: unknown[] = [];
const control: ControlActions = {
  async release(wanted) {
    asked.push(wanted);
    if (wanted.gpu === '9') throw new ControlError('gpu_unknown', 'There is no GPU 9.', 'Look at the list.');
    return { gpu: wanted.gpu ?? 'all', free: true, remaining: [], untilUnixSeconds: undefined, tookSeconds: 0.5 };
  },
  resume: async () => ({ resumed: ['all'], stillReleased: [] }),
  forget: () => Promise.reject(new Error('not asked for here')),
  holders: async () => [
    { pid: 7, role: 'other', paths: ['/dev/nvidia0', '/dev/nvidiactl'], handles: 3, workload: undefined },
  ],
};

const self: PeerCredentials = () => ({
  pid: process.pid,
  uid: process.getuid?.() ?? -1,
  gid: process.getgid?.() ?? -1,
});

async function start(path: string, peerCredentials: PeerCredentials = self) {
  const lines: { level: number; msg: string; code?: string }[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const { log } = fastify({ logger: { level: 'info', stream } });
  const app = buildControlApp({
    source: { current: () => runningState() },
    metrics: { render: async () => Buffer.from('x 1\n') },
    maxRequests: 2,
    control,
    log,
  });
  const socket = await openControlSocket({ app, path, peerCredentials, log });
  open.push(socket);
  return { socket, lines };
}

function ask(
  path: string,
  method: string,
  url: string,
  body?: unknown,
): Promise<{ status: number; body: ReturnType<JSON['parse']> }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    request({ socketPath: path, method, path: url, headers, agent: false, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    })
      .on('error', reject)
      .end(payload);
  });
}

describe('the control socket', () => {
  it('is made with its directory, for owner and group only, and removed at the end', async () => {
    const path = controlSocketPath(directory);
    const { socket } = await start(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(socket.listening).toBe(true);
    await socket.close();
    expect(existsSync(path)).toBe(false);
  });

  it('gives the state', async () => {
    const path = controlSocketPath(directory);
    await start(path);
    const answer = await ask(path, 'GET', '/v1/state');
    expect([answer.status, answer.body.gpus.length, answer.body.driver.driverVersion]).toEqual([200, 2, '550.54.15']);
  });

  it('carries release, resume and holders', async () => {
    const path = controlSocketPath(directory);
    await start(path);
    asked.length = 0;
    expect(await ask(path, 'POST', '/v1/release', { gpu: '1', forSeconds: 600 })).toEqual({
      status: 200,
      body: { gpu: '1', free: true, remaining: [], tookSeconds: 0.5 },
    });
    expect(asked).toEqual([{ gpu: '1', forSeconds: 600 }]);
    expect((await ask(path, 'POST', '/v1/resume', {})).body).toEqual({ resumed: ['all'], stillReleased: [] });
    expect((await ask(path, 'GET', '/v1/holders?gpu=0')).body.holders).toEqual([
      { pid: 7, role: 'other', paths: ['/dev/nvidia0', '/dev/nvidiactl'], handles: 3 },
    ]);
  });

  it('passes a refusal on with its code and next step', async () => {
    const path = controlSocketPath(directory);
    await start(path);
    const answer = await ask(path, 'POST', '/v1/release', { gpu: '9' });
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'gpu_unknown', nextStep: 'Look at the list.' }]);
  });

  it.each([{ gpus: '1' }, { forSeconds: 0 }, { forSeconds: '10m' }, []])('refuses the body %j', async (body) => {
    const path = controlSocketPath(directory);
    await start(path);
    asked.length = 0;
    const answer = await ask(path, 'POST', '/v1/release', body);
    expect([answer.status, answer.body.code, asked]).toEqual([400, 'request_invalid', []]);
  });

  it('refuses a body that is too large', async () => {
    const path = controlSocketPath(directory);
    await start(path);
    const answer = await ask(path, 'POST', '/v1/release', { gpu: 'x'.repeat(20_000) });
    expect([answer.status, answer.body.code]).toEqual([413, 'request_too_large']);
  });

  it('refuses a peer of another user before looking at the request', async () => {
    const path = controlSocketPath(directory);
    await start(path, () => ({ pid: 1, uid: 4_000_000_001, gid: 4_000_000_002 }));
    asked.length = 0;
    const answer = await ask(path, 'POST', '/v1/release', {});
    expect([answer.status, answer.body.code, asked]).toEqual([403, 'peer_not_allowed', []]);
  });

  it('takes over from an agent that was killed', async () => {
    const path = controlSocketPath(directory);
    mkdirSync(dirname(path));
    const script = 'require("node:net").createServer().listen(process.argv[1], () => console.log("up"))';
    const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(path)).toBe(true);
    const { socket } = await start(path);
    expect(socket.listening).toBe(true);
    expect((await ask(path, 'GET', '/v1/state')).status).toBe(200);
  });

  it('waits while another agent answers, and opens when that one has left', async () => {
    const path = controlSocketPath(directory);
    mkdirSync(dirname(path));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const { socket, lines } = await start(path);
    expect(socket.listening).toBe(false);
    expect(lines.some(({ level, msg }) => level === 40 && msg.startsWith('another agent answers'))).toBe(true);
    await new Promise((resolve) => other.close(resolve));
    await expect.poll(() => socket.listening, { timeout: 5_000 }).toBe(true);
  });

  it('does without, and says so, when the file cannot be made', async () => {
    const path = controlSocketPath(directory);
    writeFileSync(dirname(path), 'a file where the directory should be');
    const { socket, lines } = await start(path);
    expect(socket.listening).toBe(false);
    const warnings = lines.filter(({ level }) => level === 40);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.msg).toMatch(/^no control socket: .* --path\.run /);
  });

  it('leaves a file alone that is no socket', async () => {
    const path = controlSocketPath(directory);
    mkdirSync(dirname(path));
    writeFileSync(path, 'precious');
    const { socket } = await start(path);
    expect(socket.listening).toBe(false);
    expect(statSync(path).size).toBe(8);
  });
});

describe('who may use it', () => {
  const owner = { uid: 990, gid: 991 };
  it.each([
    ['root', { pid: 0, uid: 0, gid: 0 }, true],
    ["the agent's own user", { pid: 0, uid: 990, gid: 5 }, true],
    ["the socket's group", { pid: 0, uid: 1_000, gid: 991 }, true],
    ['anybody else', { pid: 0, uid: 1_000, gid: 1_000 }, false],
  ])('%s', (_who, peer, allowed) => {
    expect(isAllowed(peer, owner)).toBe(allowed);
  });

  it('believes supplementary groups only of a process that still belongs to the user', () => {
    const gid = process.getgroups?.()[0] ?? process.getgid?.() ?? 0;
    const mine = { pid: process.pid, uid: process.getuid?.() ?? 0, gid: 4_000_000_000 };
    const groups = process.getgroups?.() ?? [];
    const theirs = { ...mine, uid: 4_000_000_001 };
    expect(isAllowed(theirs, { uid: 990, gid })).toBe(false);
    if (mine.uid !== 0) expect(isAllowed(mine, { uid: 990, gid })).toBe(groups.includes(gid));
  });
});

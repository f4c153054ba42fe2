import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { listen } from './listen.js';
import { descriptorOf, isAllowed, ownerOf, type PeerCredentials } from './peer.js';
import { Problem } from './problem.js';

/** Where the control socket is, below the directory of runtime files. */
export function controlSocketPath(run: string): string {
  return join(run, 'gpu-node-agent', 'control.sock');
}

/** Owner and group may use it, nobody else. */
const MODE = 0o660;

/** Time between two attempts while another agent still has the socket, as in an overlapping restart. */
const RETRY_MILLISECONDS = 2_000;

/** Answer to a probe of a socket that is there. */
const PROBE_MILLISECONDS = 500;

/** How an app gets onto the control socket. */
export interface ControlSocketOptions {
  readonly app: FastifyInstance;
  readonly path: string;
  readonly peerCredentials: PeerCredentials;
  readonly log: FastifyBaseLogger;
}

/** The listening (or still waiting) control socket. */
export interface ControlSocket {
  /** Whether somebody can reach it now. */
  readonly listening: boolean;
  /** Stops listening and removes the file. */
  close(): Promise<void>;
}

/**
 * Puts an app on the control socket. Never fails: an agent that may not create the file says so in its log and does
 * the rest of its work.
 */
export async function openControlSocket({
  app,
  path,
  peerCredentials,
  log,
}: ControlSocketOptions): Promise<ControlSocket> {
  checkPeers(app, path, peerCredentials);
  await app.ready();
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  async function attempt(first: boolean): Promise<void> {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      if (!(await clearStale(path))) {
        if (first) log.warn({ path }, 'another agent answers on the control socket; waiting for it to leave');
        if (!closed) retry = setTimeout(() => void attempt(false), RETRY_MILLISECONDS).unref();
        return;
      }
      if (closed) return;
      await listenAt(app, path);
      log.info({ path }, 'control socket is open');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      log.warn(
        { path, code, reason: message },
        'no control socket: release, resume and holders are not possible; start the agent with a --path.run it may write to',
      );
    }
  }

  await attempt(true);
  return {
    get listening() {
      return app.server.listening;
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/** Refuses peers that may not use the socket, before anything of their request is looked at. */
function checkPeers(app: FastifyInstance, path: string, peerCredentials: PeerCredentials): void {
  app.addHook('onRequest', async (request) => {
    const fd = descriptorOf(request.raw.socket);
    const owner = ownerOf(path);
    if (fd === undefined || owner === undefined) {
      throw new Problem('peer_not_allowed', 'It cannot be told who is asking.');
    }
    const peer = peerCredentials(fd);
    if (isAllowed(peer, owner)) return;
    request.log.warn({ peer }, 'refused on the control socket');
    const detail = `User ${peer.uid} (process ${peer.pid}) is neither root, nor user ${owner.uid}, nor in group ${owner.gid}.`;
    throw new Problem('peer_not_allowed', detail, `Ask as root, or as a member of group ${owner.gid}.`);
  });
}

/** Removes a socket nobody listens on any more. False when somebody does; throws when the file is no socket. */
async function clearStale(path: string): Promise<boolean> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  if (!stat.isSocket()) throw Object.assign(new Error(`${path} is there and is no socket`), { code: 'EEXIST' });
  if (await answers(path)) return false;
  unlinkSync(path);
  return true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const finish = (answer: boolean) => {
      probe.destroy();
      resolve(answer);
    };
    probe.setTimeout(PROBE_MILLISECONDS, () => finish(true));
    probe.once('connect', () => finish(true));
    // Refused or gone: stale. Anything else, such as a full backlog, means that somebody is there.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => finish(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

/** Binds with the mode already right: between bind and chmod anybody could connect. Binding a path is synchronous. */
async function listenAt(app: FastifyInstance, path: string): Promise<void> {
  const before = process.umask(0o777 & ~MODE);
  let listening: Promise<void>;
  try {
    listening = listen(app.server, { path });
  } finally {
    process.umask(before);
  }
  await listening;
  chmodSync(path, MODE);
}

import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Who is at the other end of a unix socket. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Reads the peer of a connected unix socket by its descriptor. */
export type PeerCredentials = (fd: number) => Peer;

/** Who owns the socket file, and so decides who may use it. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Owner of a socket file; undefined when it is gone. Looked at synchronously: once per request on the control socket,
 * on the agent's own directory of runtime files, and nothing of the request may be looked at before the answer.
 */
export function ownerOf(path: string): SocketOwner | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : { uid: stat.uid, gid: stat.gid };
}

/**
 * Whether a peer may change what the agent holds: root, the agent's own user, or a member of the socket's group. The
 * file's mode says the same to those who open the path; this also holds for a descriptor that was handed on.
 */
export function isAllowed(peer: Peer, owner: SocketOwner): boolean {
  if (peer.uid === 0 || peer.uid === owner.uid || peer.gid === owner.gid) return true;
  return supplementaryGroups(peer).includes(owner.gid);
}

/**
 * Supplementary groups from the real /proc, whose pids the kernel's answer speaks of. A pid that has been given to
 * another user since then is not believed. Empty when the process is gone or in a foreign pid namespace (pid 0).
 * Read synchronously: once per connection of another user, a page the kernel writes without waiting for that process,
 * and nothing of the connection may be looked at before the answer.
 */
function supplementaryGroups({ pid, uid }: Peer): readonly number[] {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return [];
  }
  const numbers = (key: string) =>
    (new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
  return numbers('Uid')[1] === uid ? numbers('Groups') : [];
}

/** Descriptor of a connected socket; undefined once it is closed. Node has no public name for it. */
export function descriptorOf(socket: Socket): number | undefined {
  const handle = (socket as Socket & { readonly _handle?: { readonly fd?: number } | null })._handle;
  const fd = handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

import { request } from 'node:http';
import type { Config } from '../config/config.js';
import { parseListenAddress, urlOf } from '../config/listen-address.js';
import { controlSocketPath } from '../http/control-socket.js';
import { type NodeView, nodeView } from '../http/documents/node.js';
import { CommandError, EXIT, type Invocation } from './command.js';
import { visible } from './text.js';

/** More than the largest node says; an answer beyond it is not from an agent. */
const SIZE_LIMIT_BYTES = 64 * 1024 * 1024;

/** An agent on this machine answers in milliseconds. One that does not in this time is not waited for. */
const AGENT_MILLISECONDS = 3_000;

/** How a question went wrong. */
export class AskError extends Error {
  override readonly name = 'AskError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Where an agent may be asked. */
export type Door = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** An answer of any status. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** One request. Rejects with `AskError`: an errno code, `TIMEOUT` or `TOO_LARGE`. */
export function ask(
  door: Door,
  question: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
  milliseconds: number,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const payload = question.body === undefined ? undefined : JSON.stringify(question.body);
    const headers: Record<string, string | number> = { accept: '*/*' };
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    const { method, path } = question;
    const signal = AbortSignal.timeout(milliseconds);
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        signal.aborted
          ? new AskError('TIMEOUT', `no answer within ${milliseconds} ms`)
          : new AskError(error.code ?? 'FAILED', error.message),
      );
    const asking = request({ ...door, method, path, headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > SIZE_LIMIT_BYTES) {
          reject(new AskError('TOO_LARGE', `more than ${SIZE_LIMIT_BYTES} bytes`));
          asking.destroy();
        }
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', fail);
    });
    asking.on('error', fail);
    asking.end(payload);
  });
}

/** The door of the control socket. */
export function controlDoor(config: Config): { readonly socketPath: string } {
  return { socketPath: controlSocketPath(config.path.run) };
}

/** The door of the web address; undefined where the port is only known to the running agent. */
export function webDoor(config: Config): { readonly host: string; readonly port: number } | undefined {
  const address = parseListenAddress(config.web.listenAddress);
  if (address === undefined || address.port === 0) return undefined;
  const { hostname } = new URL(urlOf(address));
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: address.port };
}

/** A node, and who told. */
export interface Told {
  readonly node: NodeView;
  readonly by: 'control socket' | 'web address' | 'own reading';
}

/**
 * The node's state: from the running agent, else read here and now. Throws `CommandError` (nobody) when neither
 * answers by the deadline.
 */
export async function askNode({ config, deadline, collectOnce }: Invocation): Promise<Told> {
  const tried: string[] = [];
  const web = webDoor(config);
  const doors = [
    { by: 'control socket', door: controlDoor(config), path: '/v1/state' },
    ...(web === undefined ? [] : [{ by: 'web address', door: web, path: '/api/v1/node' } as const]),
  ] as const;
  for (const [index, { by, door, path }] of doors.entries()) {
    // The own reading comes after the doors.
    const left = doors.length - index + 1;
    const outcome = await tryDoor(door, path, deadline.share(left, AGENT_MILLISECONDS));
    if (typeof outcome !== 'string') return { node: outcome, by };
    tried.push(`${doorText(door)}: ${outcome}`);
  }
  try {
    return { node: nodeView(await collectOnce(config, deadline.remaining())), by: 'own reading' };
  } catch (error) {
    tried.push(`own reading: ${visible((error as Error).message)}`);
  }
  throw new CommandError(EXIT.nobody, `nobody answered:\n${tried.map((line) => `  ${line}`).join('\n')}`);
}

/** Whether the driver has said nothing so far, to the agent or to an own reading that ended at its deadline. */
export function isUnanswered({ node }: Told): boolean {
  return node.driver.state === 'starting';
}

async function tryDoor(door: Door, path: string, milliseconds: number): Promise<NodeView | string> {
  try {
    const { status, body } = await ask(door, { method: 'GET', path }, milliseconds);
    if (status !== 200) return `answered ${status}`;
    const document: unknown = JSON.parse(body);
    return isNode(document) ? document : 'answered something else; is it another program?';
  } catch (error) {
    return error instanceof AskError ? visible(error.message) : 'answered something else; is it another program?';
  }
}

/** Enough to tell an agent from another program at the same address; the rest is the agent's own promise. */
function isNode(document: unknown): document is NodeView {
  if (typeof document !== 'object' || document === null) return false;
  const lists = ['gpus', 'partitions', 'workloads', 'findings'] as const;
  return (
    lists.every((key) => Array.isArray((document as Record<string, unknown>)[key])) &&
    'driver' in document &&
    'sampling' in document
  );
}

/** A door as a person reads it. */
export function doorText(door: Door): string {
  return 'socketPath' in door ? door.socketPath : urlOf(door);
}

/**
 * An action over the control socket. Throws `CommandError`: `nobody` when no agent is there, `problem` when it refuses
 * or this user may not ask.
 */
export async function askControl<Answer>(
  { config, deadline }: Invocation,
  question: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
): Promise<Answer> {
  const door = controlDoor(config);
  let reply: Reply;
  try {
    reply = await ask(door, question, deadline.remaining());
  } catch (error) {
    const { code, message } = error as AskError;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CommandError(
        EXIT.problem,
        `this user may not use ${door.socketPath}. Ask as root or as a member of its group.`,
      );
    }
    const advice = `Is gpu-node-agent serve running with --path.run=${config.path.run}?`;
    throw new CommandError(EXIT.nobody, `no agent answers on ${door.socketPath}: ${visible(message)}. ${advice}`);
  }
  const document = parsed<Answer & { detail?: string; title?: string; nextStep?: string }>(reply.body);
  if (reply.status === 200 && document !== undefined) return document;
  const reason = [document?.detail ?? document?.title ?? `it answered ${reply.status}`, document?.nextStep];
  throw new CommandError(EXIT.problem, `refused: ${visible(reason.filter(Boolean).join(' '))}`);
}

function parsed<Document>(text: string): Document | undefined {
  try {
    return JSON.parse(text) as Document;
  } catch {
    return undefined;
  }
}

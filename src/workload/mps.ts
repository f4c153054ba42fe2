import type { ProcessIdentity } from './process-identity.js';

/** What a process was told about MPS when it started (CUDA MPS documentation, "Environment variables"). */
export interface MpsSettings {
  /** Where its server listens: clients and server with the same directory belong together. */
  readonly pipeDirectory: string;
  /** Share of the multiprocessors that it may use, 0–1: of a client its own, of a server that of all its clients. */
  readonly activeThreadRatio: number | undefined;
}

/** Where MPS listens unless CUDA_MPS_PIPE_DIRECTORY says otherwise. */
const USUAL_PIPE_DIRECTORY = '/tmp/nvidia-mps';
const SERVER = 'nvidia-cuda-mps-server';
/** A process's name has at most 15 characters. */
const SERVER_COMM = SERVER.slice(0, 15);

/**
 * The settings in `/proc/<pid>/environ` (NUL-separated). Nothing else of an environment is kept: it holds secrets. A
 * process can write there what it likes; a percentage that is none is no percentage.
 */
export function mpsSettings(environment: string): MpsSettings {
  const values = new Map<string, string>();
  for (const line of environment.split('\0')) {
    const at = line.indexOf('=');
    if (at > 0 && line.startsWith('CUDA_MPS_')) values.set(line.slice(0, at), line.slice(at + 1));
  }
  const text = values.get('CUDA_MPS_ACTIVE_THREAD_PERCENTAGE');
  const percent = text === undefined || !/^\d{1,3}(?:\.\d+)?$/.test(text) ? Number.NaN : Number(text);
  return {
    pipeDirectory: values.get('CUDA_MPS_PIPE_DIRECTORY') || USUAL_PIPE_DIRECTORY,
    activeThreadRatio: percent > 0 && percent <= 100 ? percent / 100 : undefined,
  };
}

/** Whether the settings of a process can matter although it is no client, by its name alone. */
export function mayBeMpsServer(comm: string): boolean {
  return comm === SERVER_COMM;
}

/** Whether a process calls itself an MPS server. Its name is all there is to see: it is a compute process like others. */
export function isMpsServer({ comm, commandLine }: ProcessIdentity): boolean {
  if (!mayBeMpsServer(comm)) return false;
  const program = commandLine?.[0];
  return program === undefined || program.split('/').at(-1) === SERVER;
}

/**
 * Share of the multiprocessors that a client may use: its own setting or its server's, whichever is smaller. Undefined
 * when neither says one, or the environment of the client may not be read.
 */
export function mpsLimitRatio(client: MpsSettings | undefined, servers: readonly MpsSettings[]): number | undefined {
  if (client === undefined) return undefined;
  // One server on the GPU is that of its clients, also where a container sees its directory elsewhere.
  const server = servers.length === 1 ? servers[0] : servers.find((one) => one.pipeDirectory === client.pipeDirectory);
  const limits = [client.activeThreadRatio, server?.activeThreadRatio].filter((ratio) => ratio !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

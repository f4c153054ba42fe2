import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ask } from '../../src/cli/ask.js';
import { controlSocketPath } from '../../src/http/control-socket.js';
import type { ReleaseResult } from '../../src/model/control.js';
import type { NodeState } from '../../src/model/node-state.js';
import { childrenOf } from './threads.js';

const PROGRAM = fileURLToPath(new URL('../../dist/gpu-node-agent.mjs', import.meta.url));

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The real agent as a process of its own. */
export class AgentProcess {
  private readonly child: ChildProcess;
  private readonly run: string;
  private output = '';
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(
    flags: readonly string[],
    readonly port: number,
  ) {
    this.run = flags.find((flag) => flag.startsWith('--path.run='))?.slice('--path.run='.length) ?? '/run';
    this.child = spawn(process.execPath, [PROGRAM, 'serve', ...flags, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text) => {
      this.output += text;
    });
    this.child.stderr?.on('data', (text) => {
      this.output += text;
    });
    this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(code ?? signal)));
  }

  /** What it printed so far. */
  get log(): string {
    return this.output;
  }

  /** Pids of its samplers: those that run, those that are ending, and those that cannot. */
  get samplers(): readonly number[] {
    return this.child.pid === undefined ? [] : childrenOf(this.child.pid);
  }

  /** Asks it to let go of all GPUs, as `gpu-node-agent release` does. */
  async release(): Promise<ReleaseResult> {
    const door = { socketPath: controlSocketPath(this.run) };
    const reply = await ask(door, { method: 'POST', path: '/v1/release', body: {} }, 15_000);
    if (reply.status !== 200) throw new Error(`release was answered ${reply.status}: ${reply.body}`);
    return JSON.parse(reply.body) as ReleaseResult;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** An answer, or an exception when there is none for so long that a crowded machine does not explain it. */
  async get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { signal: AbortSignal.timeout(10_000) });
  }

  /** The document of the node; undefined while nobody answers. */
  async node(): Promise<NodeState | undefined> {
    try {
      const response = await this.get('/api/v1/node');
      return response.ok ? ((await response.json()) as NodeState) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Waits until the node shows something. Says what was wanted and what was last seen when it never does. */
  async until(wanted: string, seconds: number, test: (node: NodeState) => boolean): Promise<NodeState> {
    const limit = Date.now() + seconds * 1000;
    let last: NodeState | undefined;
    while (Date.now() < limit) {
      last = (await this.node()) ?? last;
      if (last !== undefined && test(last)) return last;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const seen = last && {
      driver: last.driver.state,
      sampling: last.sampling,
      gpus: last.gpus.map((gpu) => [gpu.index, gpu.condition, gpu.ageSeconds]),
      findings: last.findings.map(({ code, subject }) => `${code} of ${subject.id}`),
    };
    throw new Error(
      `${wanted}: not seen within ${seconds} s; last: ${JSON.stringify(seen)}\n${this.output.slice(-3000)}`,
    );
  }

  /** SIGTERM, then how it ended; `undefined` when it is still there after the limit. */
  async stop(seconds: number): Promise<number | NodeJS.Signals | null | undefined> {
    this.signal('SIGTERM');
    return Promise.race([
      this.ended,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), seconds * 1000).unref()),
    ]);
  }

  kill(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }
}

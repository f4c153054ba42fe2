import type { Logger } from 'pino';
import { ConfigError } from '../config/problem.js';
import { buildControlApp, buildWebApp } from '../http/app.js';
import { controlSocketPath, openControlSocket } from '../http/control-socket.js';
import { isReady } from '../http/readiness.js';
import { ListenError, openWebServer } from '../http/web-server.js';
import { readingNotes } from '../metrics/reading-notes.js';
import type { NodeState, NodeStateSource } from '../model/node-state.js';
import { AGENT_VERSION } from '../version.js';
import { CommandError, EXIT, type ExitCode, type Invocation } from './command.js';
import { driverText } from './gpu-facts.js';
import { favourSmallHeap } from './heap-size.js';
import { openLog } from './log.js';
import { visible } from './text.js';

/** Everything has to be over in this time after a signal; then the process ends whatever still hangs. */
const CLOSE_MILLISECONDS = 1_800;

/** How often the first state is looked for, to complete the banner. */
const FIRST_STATE_MILLISECONDS = 100;

/** Serves until a signal ends it; the exit status. */
export async function serveNode({ config, loaded, print, startService }: Invocation): Promise<ExitCode> {
  favourSmallHeap(process.versions.node);
  const log = openLog(config.log);
  const signal = nextSignal();
  const service = await startService(config, log, { ownProcess: true }).catch((error: Error) => {
    if (error instanceof ConfigError) throw error;
    // The native half is missing, or a setting names a file that is not there: the message says what to do.
    log.debug({ err: error }, 'cannot start');
    throw new CommandError(EXIT.problem, `cannot start: ${error.message}`);
  });
  const { source, metrics, traffic } = service;
  const { telemetryPath, maxRequests, listenAddress, allowedHosts } = config.web;
  const closing: (() => Promise<void>)[] = [() => service.close()];
  try {
    const parts = { source, metrics, maxRequests, traffic, log };
    const web = await openWebServer(buildWebApp({ ...parts, telemetryPath, readingNotes }), listenAddress, {
      allowedHosts,
    });
    closing.unshift(() => web.close());
    print(`gpu-node-agent ${AGENT_VERSION} serves ${web.url}`);
    log.info({ url: web.url, version: AGENT_VERSION, file: loaded.file }, 'serving');
    const app = buildControlApp({ ...parts, control: service.control });
    const path = controlSocketPath(config.path.run);
    const control = await openControlSocket({ app, path, peerCredentials: service.peerCredentials, log });
    closing.unshift(() => control.close());
    service.notify('READY=1');
    const firstState = announceFirstState(source, print, log);
    log.info({ signal: await signal }, 'ending');
    clearInterval(firstState);
    service.notify('STOPPING=1');
  } catch (error) {
    await closeAll(closing, log);
    if (error instanceof ListenError) throw new CommandError(EXIT.problem, error.message);
    throw error;
  }
  await closeAll(closing, log);
  return EXIT.ok;
}

/** The first SIGINT, SIGTERM or SIGHUP (its terminal is gone); a second one ends the process on the spot. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(name, () => {
        process.once(name, () => process.exit(EXIT.problem));
        resolve(name);
      });
    }
  });
}

async function closeAll(closing: readonly (() => Promise<void>)[], log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn({ seconds: CLOSE_MILLISECONDS / 1_000 }, 'something does not end; leaving it behind');
      resolve();
    }, CLOSE_MILLISECONDS);
  });
  const attempts = closing.map((close) =>
    close().catch((error: unknown) => log.error({ err: error }, 'closing failed')),
  );
  await Promise.race([Promise.all(attempts), late]);
  clearTimeout(timer);
}

/** Completes the banner once it is known what answers: real hardware, a simulation, or nothing. */
function announceFirstState(source: NodeStateSource, print: (line: string) => void, log: Logger): NodeJS.Timeout {
  const timer = setInterval(() => {
    const state = source.current();
    if (!isReady(state)) return;
    clearInterval(timer);
    print(firstStateLine(state));
    const { driver, simulated, gpus } = state;
    log.info(
      {
        driver: driver.state,
        driverVersion: driver.driverVersion,
        simulated,
        gpus: gpus.length,
        reason: driver.message,
      },
      simulated === undefined ? 'first reading' : 'first reading, of a SIMULATED node',
    );
  }, FIRST_STATE_MILLISECONDS);
  return timer.unref();
}

/** The banner's second line. */
export function firstStateLine(state: NodeState): string {
  const facts = visible(driverText(state));
  if (state.simulated === undefined) return facts;
  return `SIMULATED NODE (${visible(state.simulated)}): no GPU here is real; ${facts}`;
}

import { join } from 'node:path';
import type { OpenNode } from './cli/command.js';
import type { Service } from './cli/service.js';
import { BaselineKeeper } from './collect/baseline-keeper.js';
import { Collector } from './collect/collector.js';
import type { Config } from './config/config.js';
import { controlActions } from './control.js';
import { Findings } from './health/findings.js';
import { healthTuning } from './health-tuning.js';
import { checkMetricNames } from './metric-names.js';
import { MetricsRenderer } from './metrics/renderer.js';
import { ControlError, type Holder } from './model/control.js';
import { COLLECTORS, type NodeState } from './model/node-state.js';
import type { Addon } from './native/addon.js';
import { type Clock, nodeClock } from './native/clock.js';
import { shownMember } from './native/fleet.js';
import { loadAddon } from './native/load-addon.js';
import { samplerFlags, samplerPath } from './native/sampler-options.js';
import { isFresh } from './native/succession.js';
import { Supervisor, type SupervisorOptions } from './native/supervisor.js';
import { AGENT_COMMIT, AGENT_VERSION } from './version.js';

/** The part of a pino logger that is used here. */
export interface AgentLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const SILENT: AgentLog = { info() {}, warn() {}, error() {} };

/** The inner half of an agent: samplers, and the state made of what they say. */
interface Core {
  readonly addon: Addon;
  readonly clock: Clock;
  readonly supervisor: Supervisor;
  readonly collector: Collector;
}

/** Beyond the deadline of attaching, a successor gets this long to become fresh. */
const TAKE_OVER_MARGIN_SECONDS = 15;
const LEAST_SILENCE_SECONDS = 10;
const SILENT_CYCLES = 10;

/** How often freed memory is given back to the kernel: less than a millisecond, for 1 to 3 MiB after scrapes. */
const RETURN_MEMORY_MILLISECONDS = 10_000;

/** Lets the process keep little of what it freed, from now on; call the result to end what can be ended. */
function spareMemory(addon: Addon): () => void {
  // Threads of ours and of Node each keep what they once freed: 10 MiB after a day of scrapes.
  addon.limitArenas(1);
  const trimming = setInterval(() => addon.returnFreeMemory(), RETURN_MEMORY_MILLISECONDS).unref();
  return () => clearInterval(trimming);
}

function createCore(config: Config, log: AgentLog, baseline?: BaselineKeeper): Core {
  const addon = loadAddon();
  const clock = nodeClock(addon, config.clock.file);
  const { sampler, path, collector: switches } = config;
  const findings = new Findings();
  findings.tune(healthTuning(config));
  const collector = new Collector({
    addon,
    clock,
    agent: { version: AGENT_VERSION, commit: AGENT_COMMIT, startedUnixSeconds: clock.unixSeconds(), pid: process.pid },
    sysfs: path.sysfs,
    procfs: path.procfs,
    switchedOff: COLLECTORS.filter((name) => !switches[name]),
    simulatedClock: config.clock.file !== undefined,
    cycleSeconds: sampler.intervalSeconds,
    staleAfterSeconds: sampler.staleAfterSeconds,
    kernelLog: join(config.path.dev, 'kmsg'),
    judge: (state) => findings.judge(state),
    judgeEverySeconds: baseline === undefined ? undefined : config.health.intervalSeconds,
    baseline,
    warn: (message) => log.warn({}, message),
  });
  const options: SupervisorOptions = {
    addon,
    clock,
    samplerPath: samplerPath(config),
    // Without the nvml source a sampler still looks at HAMi files, and never at the driver.
    flags: [...samplerFlags(config), ...(switches.nvml ? [] : ['--exclude=all'])],
    times: {
      takeOverSeconds: sampler.deadlineAttachSeconds + TAKE_OVER_MARGIN_SECONDS,
      silenceSeconds: Math.max(LEAST_SILENCE_SECONDS, SILENT_CYCLES * sampler.intervalSeconds),
    },
    log: (level, message, fields) => log[level](fields ?? {}, message),
  };
  return { addon, clock, collector, supervisor: new Supervisor(options, collector) };
}

/** What the one who starts a service says of the process it runs in. */
export interface ServiceOptions {
  /**
   * The process does nothing else, so that what is good for the service may be set for all of it: how the C library
   * keeps memory. Default false: another program's threads are not ours to slow down.
   */
  readonly ownProcess?: boolean;
}

/**
 * Starts an agent without its outputs: `gpu-node-agent serve` puts them on. Returns before the driver has answered.
 * Throws `ConfigError` for names of metrics that are none, `AddonError` when the native half is missing, and what the
 * clock or the sampler's path are wrong about.
 */
export async function startService(
  config: Config,
  log: AgentLog,
  { ownProcess = false }: ServiceOptions = {},
): Promise<Service> {
  checkMetricNames(config);
  const baseline = new BaselineKeeper({
    stateDirectory: config.path.state,
    warn: (message) => log.warn({}, message),
  });
  const { addon, clock, supervisor, collector } = createCore(config, log, baseline);
  const metrics = new MetricsRenderer(collector, addon, {
    exporterMetrics: !config.web.disableExporterMetrics,
    enabledFamilies: config.metrics.enable,
    disabledFamilies: config.metrics.disable,
    clock,
  });
  // Before there are threads that have heaps of their own.
  const stopSparing = ownProcess ? spareMemory(addon) : undefined;
  supervisor.start();
  void collector.start(supervisor);
  return {
    source: collector,
    control: controlActions({
      addon,
      clock,
      supervisor,
      collector,
      baseline,
      procfs: config.path.procfs,
      dev: config.path.dev,
    }),
    metrics,
    traffic: metrics.self,
    peerCredentials: (fd) => addon.peerCredentials(fd),
    notify(message) {
      try {
        addon.notifySystemd(message);
      } catch (error) {
        log.warn({ err: error }, 'the service manager was not told');
      }
    },
    async close() {
      stopSparing?.();
      metrics.close();
      collector.close();
      await baseline.flushed();
      const left = await supervisor.close();
      if (left.length > 0)
        log.warn({ pids: left }, 'samplers asleep in the driver are left behind; they end when their calls return');
    },
  };
}

const LOOK_MILLISECONDS = 20;
/** Kept of a deadline for ending the sampler and writing the answer. */
const CLOSING_SHARE = 0.25;
const MOST_CLOSING_MILLISECONDS = 1_200;

/**
 * Reads the node once, for commands that found no running agent. When the driver does not answer in time, what is
 * known by then is returned: the state names the call that is waited for.
 */
export async function collectOnce(config: Config, deadlineMilliseconds: number): Promise<NodeState> {
  return readOnce(config, deadlineMilliseconds, async ({ collector }) => collector.current());
}

/**
 * Begins to read the node for a command that found no running agent and shows it more than once. Nothing is written:
 * what the node is known to have is left to the service.
 */
export function openNode(config: Config): OpenNode {
  const core = createCore(config, SILENT);
  const { supervisor, collector } = core;
  supervisor.start();
  const started = collector.start(supervisor);
  let isFirst = true;
  return {
    async read(milliseconds) {
      if (isFirst) await complete(core, config, performance.now() + milliseconds, started);
      isFirst = false;
      return collector.current();
    },
    async close() {
      collector.close();
      await supervisor.close();
    },
  };
}

/**
 * Who holds a GPU, for commands that found no running agent. The sampler that looked the GPU up is left out: it ends
 * with the command. Throws `ControlError` for a GPU that is not there, and another error while nobody can know that,
 * because the driver has not said which GPUs it has.
 */
export async function holdersOnce(
  config: Config,
  gpu: string,
  deadlineMilliseconds: number,
): Promise<readonly Holder[]> {
  return readOnce(config, deadlineMilliseconds, async (core) => {
    const { procfs, dev } = config.path;
    try {
      const holders = await controlActions({ ...core, procfs, dev }).holders(gpu);
      return holders.filter(({ role }) => role === 'other');
    } catch (error) {
      const { driver, sampling } = core.collector.current();
      if (driver.state !== 'starting' || !(error instanceof ControlError)) throw error;
      throw new Error(sampling.reason ?? 'the driver has not said which GPUs there are');
    }
  });
}

/** Starts a core, waits until it has read everything once or for most of the deadline, uses it and ends it. */
async function readOnce<Result>(
  config: Config,
  deadlineMilliseconds: number,
  use: (core: Core) => Promise<Result>,
): Promise<Result> {
  const core = createCore(config, SILENT);
  const { supervisor, collector } = core;
  const closing = Math.min(deadlineMilliseconds * CLOSING_SHARE, MOST_CLOSING_MILLISECONDS);
  const end = performance.now() + deadlineMilliseconds - closing;
  try {
    supervisor.start();
    await complete(core, config, end, collector.start(supervisor));
    return await use(core);
  } finally {
    collector.close();
    await supervisor.close();
  }
}

/** Waits until everything was read once, or until `end`, a time of `performance.now()`. */
async function complete(core: Core, config: Config, end: number, started: Promise<void>): Promise<void> {
  const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const inTime = (work: Promise<unknown>) => Promise.race([work, sleep(Math.max(0, end - performance.now()))]);
  await inTime(started);
  while (performance.now() < end && !isComplete(core, config)) await sleep(LOOK_MILLISECONDS);
  if (config.collector.processes) await inTime(core.collector.readProcesses());
}

function isComplete({ supervisor, collector }: Core, config: Config): boolean {
  const shown = shownMember(supervisor.fleet);
  if (shown === undefined) return supervisor.fleet.failures > 0;
  return isFresh(shown, undefined) && (!config.collector.hami || collector.hamiSwept);
}

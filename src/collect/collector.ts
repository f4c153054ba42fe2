import type { Baseline } from '../model/baseline.js';
import type { Gpu } from '../model/gpu.js';
import { type GpuIdentity, gpuName, isSameGpu } from '../model/gpu-identity.js';
import type {
  CallStatistics,
  CollectorName,
  Driver,
  NodeState,
  NodeStateSource,
  StuckCall,
} from '../model/node-state.js';
import { readingIndex } from '../model/readings.js';
import { gpuOfCall, isCallOf } from '../model/stuck-call.js';
import type { Workload } from '../model/workload.js';
import type { Addon, GpuSnapshot, HamiSnapshot, Snapshot } from '../native/addon.js';
import { callStatistics } from '../native/call-totals.js';
import type { Clock } from '../native/clock.js';
import type { Fleet } from '../native/fleet.js';
import { DRIVER_STATES, GPU_STATE, identityAt } from '../native/member-view.js';
import { backAtSeconds } from '../native/set-aside.js';
import type { Records, Supervisor, SupervisorListener } from '../native/supervisor.js';
import { identify } from '../workload/identify.js';
import { type Moment, momentOf } from './age.js';
import { sightingsOf } from './baseline.js';
import type { BaselineKeeper } from './baseline-keeper.js';
import { countsByReason, DRIVER_LEFT_ALONE, driverOf } from './driver.js';
import { EventLog } from './events.js';
import { gpuOf, identityOf } from './gpus.js';
import { type GpuSetAside, type Judge, join } from './join.js';
import { KernelFaults } from './kernel-faults.js';
import { KernelModuleSource } from './kernel-module.js';
import { LastKnown } from './last-known.js';
import { PassthroughSource } from './passthrough.js';
import { ProcessTable } from './processes.js';
import { RestartWatch } from './restart-watch.js';
import { isOldSweep, samplerSources } from './sampler-sources.js';
import { samplingOf, silentSeconds } from './sampling.js';
import { callsInForce, stuckCallsOf } from './stuck-calls.js';
import { Topology } from './topology.js';
import { Urgency } from './urgency.js';
import { hiddenPids, WorkloadLedger } from './workload-ledger.js';

/** What the collector reads. Paths are roots that can be moved. */
export interface CollectorOptions {
  readonly addon: Addon;
  readonly clock: Clock;
  readonly agent: NodeState['agent'];
  readonly sysfs: string;
  readonly procfs: string;
  readonly switchedOff: readonly CollectorName[];
  /** Whether the clock is a simulated node's: where no library is asked, only this tells that nothing is real. */
  readonly simulatedClock?: boolean | undefined;
  readonly cycleSeconds: number;
  /** Age at which readings are dropped. */
  readonly staleAfterSeconds: number;
  /** The kernel log; default: it is not read. */
  readonly kernelLog?: string | undefined;
  readonly judge: Judge;
  /** How often a state is made while nobody asks for one, so that it is judged; default: only when asked. */
  readonly judgeEverySeconds?: number | undefined;
  /** What this node is known to have; default: nothing is remembered. */
  readonly baseline?: BaselineKeeper | undefined;
  /** Told once per trouble what a source cannot read; default: nobody. */
  readonly warn?: ((message: string) => void) | undefined;
}

const KERNEL_LOG_LEFT_ALONE: NodeState['kernelLog'] = { unreadable: 'switched off', lines: 0, overwritten: 0 };
const NO_BASELINE: Baseline = { gpus: [], notKept: undefined };

/** Of `ProcessSnapshot`: an entry of the list of MPS clients. */
const MPS_CLIENT = 2;

/** How often the identities of new processes are looked up while nobody asks for a state. */
const PROCESSES_EVERY_SECONDS = 5;

/**
 * Takes in what samplers publish and makes the node's state of it. A state is made when somebody asks and something
 * changed, or the last one is a cycle old: between scrapes an agent only keeps the newest snapshot.
 */
export class Collector implements NodeStateSource, SupervisorListener {
  private readonly events = new EventLog();
  private readonly topology = new Topology();
  private readonly lastKnown = new LastKnown();
  private readonly ledger = new WorkloadLedger();
  private readonly urgency = new Urgency();
  private readonly restarts = new RestartWatch((recovery, uuid) => this.events.faults.recovered(recovery, uuid));
  private readonly processes: ProcessTable;
  private readonly passthrough: PassthroughSource;
  private readonly kernelModule: KernelModuleSource;
  private readonly kernelFaults: KernelFaults | undefined;
  private supervisor: Supervisor | undefined;
  private newest: Snapshot | undefined;
  /** Who swept HAMi directories last, and what is shown while a successor has not. */
  private sweeper: Records | undefined;
  private lastSweep: HamiSnapshot | undefined;
  /** Records of the last sampler that saw GPUs: shown without readings while none does. */
  private taken: readonly GpuSnapshot[] = [];
  /** Where newer ones are; they are taken when somebody asks. */
  private newer: Records | undefined;
  /** Generation of the sampler they are from. */
  private newerFrom: number | undefined;
  private processesAtSeconds = Number.NEGATIVE_INFINITY;
  private simulated: string | undefined;
  /** The call that hung last of each GPU: it is gone from the samplers when its process has ended. */
  private lastStuck: readonly StuckCall[] = [];
  private judging: NodeJS.Timeout | undefined;
  private baselineLoaded = false;
  /** Whether the baseline has taken in a GPU since the agent started. */
  private learned = false;
  private made: NodeState | undefined;
  private changed = true;

  constructor(private readonly options: CollectorOptions) {
    const { addon, procfs, sysfs, clock } = options;
    this.processes = new ProcessTable(addon, procfs, () => clock.monotonicSeconds(), options.warn);
    const changed = () => {
      this.changed = true;
    };
    this.passthrough = new PassthroughSource({ addon, sysfs, procfs, changed });
    this.kernelModule = new KernelModuleSource(addon, procfs, changed);
    if (options.kernelLog !== undefined && this.isOn('kmsg')) {
      this.kernelFaults = new KernelFaults({
        path: options.kernelLog,
        clock,
        startedUnixSeconds: options.agent.startedUnixSeconds,
        events: this.events,
        gpuInSlot: (slot) => this.gpuInSlot(slot),
      });
    }
  }

  /** Begins with the sources that are no samplers. Resolves when each was read once. */
  async start(supervisor: Supervisor): Promise<void> {
    this.supervisor = supervisor;
    const { judgeEverySeconds } = this.options;
    if (judgeEverySeconds !== undefined) {
      this.judging = setInterval(() => {
        this.readKernelLog();
        void this.current();
      }, judgeEverySeconds * 1000).unref();
    }
    this.readKernelLog();
    await Promise.all([
      this.isOn('pci') ? this.passthrough.start() : undefined,
      this.isOn('nvml') ? this.kernelModule.read() : undefined,
    ]);
  }

  /** Ends its timers. */
  close(): void {
    this.passthrough.close();
    clearInterval(this.judging);
    this.kernelFaults?.close();
  }

  snapshot(snapshot: Snapshot, generation: number, records: Records): void {
    this.newest = snapshot;
    this.changed = true;
    const initialized = DRIVER_STATES[snapshot.driver.state] === 'initialized';
    const { moduleVersion, generation: start } = snapshot.driver;
    if (moduleVersion !== '') this.kernelModule.startedAs(`${generation} ${start} ${moduleVersion}`);
    // A sampler that does not touch the driver knows no GPU; those known before are then shown as handed back.
    if (initialized) {
      // What the sampler before knew of GPUs that this one leaves out is told by no other.
      const succeeded = generation !== this.newerFrom;
      if (succeeded) this.take();
      this.newer = records;
      this.newerFrom = generation;
      // Where its accounts stand now is where their growth counts from.
      if (succeeded) this.take();
    }
    this.sweeper = records;
    // A library that does not get along with the kernel module says what it is all the same.
    if (snapshot.driver.libraryPath !== '')
      this.simulated = snapshot.driver.simulator === '' ? undefined : snapshot.driver.simulator;
    this.restarts.driverIs(DRIVER_STATES[snapshot.driver.state], this.options.clock.unixSeconds());
    if (snapshot.watch.inFlight.length > 0) this.rememberStuck(snapshot);
    this.events.add(generation, snapshot.events, snapshot.eventsLost, (index) => this.uuidOf(index));
    // An agent that ends before anybody asks has learned what the node has all the same.
    const isToLearn = this.options.baseline !== undefined && !this.learned && initialized && this.hasNamedGpu();
    const isUrgent = this.urgency.isUrgent(generation, snapshot);
    if (isToLearn || (this.options.judgeEverySeconds !== undefined && isUrgent)) void this.current();
    // The agent is awake for the sampler: looking at the kernel log now costs no wake-up of its own.
    this.readKernelLog();
    const now = this.options.clock.monotonicSeconds();
    if (this.isOn('processes') && now - this.processesAtSeconds >= PROCESSES_EVERY_SECONDS) {
      this.processesAtSeconds = now;
      this.readProcesses().catch((error: Error) =>
        this.options.warn?.(`processes cannot be looked at: ${error.message}`),
      );
    }
  }

  /** The newest sweep; that of the sampler before until its successor has made one. */
  private get hami(): HamiSnapshot | undefined {
    this.lastSweep = this.sweeper?.hami() ?? this.lastSweep;
    return this.lastSweep;
  }

  private toldByClock(): string | undefined {
    return this.options.simulatedClock === true && !this.isOn('nvml') ? "by its clock, a simulated node's" : undefined;
  }

  private isOn(name: CollectorName): boolean {
    return !this.options.switchedOff.includes(name);
  }

  private get records(): readonly GpuSnapshot[] {
    this.take();
    return this.taken;
  }

  private take(): void {
    const { newer } = this;
    if (newer === undefined) return;
    this.newer = undefined;
    this.taken = newer
      .gpus()
      .filter(({ state }) => state !== GPU_STATE.gone)
      .map((record) => this.lastKnown.filled(record));
    this.restarts.look(this.taken, this.options.clock.unixSeconds());
    const { processes } = this;
    const named = {
      nameOf(pid: number) {
        const identity = processes.get(pid);
        if (identity === undefined) return undefined;
        return { workload: identify(identity, []).id, startTicks: identity.startTicks };
      },
      hasEnded: (pid: number, startTicks: number) => processes.hasEnded(pid, startTicks),
    };
    this.ledger.fold(this.taken, this.newerFrom ?? 0, named, this.options.clock.unixSeconds());
  }

  current(): NodeState {
    const moment = momentOf(this.options.clock);
    const age =
      this.made === undefined ? Number.POSITIVE_INFINITY : moment.monotonicSeconds - this.made.atMonotonicSeconds;
    if (this.made === undefined || this.changed || age >= this.options.cycleSeconds) {
      this.changed = false;
      this.made = this.make(moment);
    }
    return this.made;
  }

  private hasNamedGpu(): boolean {
    return this.records.some(({ uuid }) => uuid !== '');
  }

  /** UUID of a GPU by index, as last known. */
  uuidOf(index: number): string | undefined {
    const uuid = this.records.find((record) => record.index === index)?.uuid;
    return uuid === '' ? undefined : uuid;
  }

  private readKernelLog(): void {
    if (this.kernelFaults?.read() !== true) return;
    this.changed = true;
    if (this.options.judgeEverySeconds !== undefined) void this.current();
  }

  /** The GPU in a PCI slot: as the driver shows it, or as the node is known to have had it. */
  private gpuInSlot(slot: string): GpuIdentity | undefined {
    const isThere = (busId: string | undefined) => busId?.startsWith(`${slot}.`) === true;
    const gpu = this.records.map(identityOf).find(({ pciBusId }) => isThere(pciBusId));
    if (gpu?.uuid !== undefined) return gpu;
    const known = this.options.baseline?.baseline.gpus.find(({ busId }) => isThere(busId));
    return known === undefined ? undefined : { index: undefined, uuid: known.uuid, pciBusId: known.busId };
  }

  /** All that is known of a GPU by now, with the index at which it stands now; without one when it stands nowhere. */
  placed(gpu: GpuIdentity): GpuIdentity {
    const now = this.records.map(identityOf).find((one) => isSameGpu(one, gpu));
    return now === undefined
      ? { ...gpu, index: gpu.uuid === undefined && gpu.pciBusId === undefined ? gpu.index : undefined }
      : { index: now.index, uuid: now.uuid ?? gpu.uuid, pciBusId: now.pciBusId ?? gpu.pciBusId };
  }

  /** Device node of a GPU below /dev, as last known: it does not change while nobody reads the GPU. */
  deviceNodeOf(index: number): string | undefined {
    const record = this.records.find((one) => one.index === index);
    const at = readingIndex('minor_number');
    return record === undefined || record.status[at] !== 0 ? undefined : `nvidia${record.values[at]}`;
  }

  /** Whether HAMi directories have been looked at. */
  get hamiSwept(): boolean {
    return this.hami !== undefined;
  }

  /** Who a pid is, read now if it is not known; undefined when it is gone or hidden. */
  async workloadsOf(pids: readonly number[]): Promise<ReadonlyMap<number, Workload>> {
    const table = new ProcessTable(this.options.addon, this.options.procfs, () => 0);
    await table.refresh(new Set(pids));
    const containers = this.hami?.containers ?? [];
    return new Map(
      pids.flatMap((pid) => {
        const identity = table.get(pid);
        return identity === undefined ? [] : [[pid, identify(identity, containers)] as const];
      }),
    );
  }

  /** Device nodes of VFIO through which a PCI function can be held, and the bus. */
  get bus(): PassthroughSource['scan'] {
    return this.passthrough.scan;
  }

  /** Reads the identities of processes on GPUs that are not known yet. */
  async readProcesses(): Promise<void> {
    const pids = new Set(this.records.flatMap((record) => record.processes.map(({ pid }) => pid)));
    // Whom a failing list hides may have ended meanwhile.
    for (const pid of this.records.flatMap(hiddenPids)) pids.add(pid);
    for (const holders of this.passthrough.holders?.values() ?? []) for (const pid of holders) pids.add(pid);
    const clients = this.records.flatMap(({ processes }) => processes.filter(({ type }) => type === MPS_CLIENT));
    await this.processes.refresh(pids, new Set(clients.map(({ pid }) => pid)));
    this.changed = true;
  }

  private rememberStuck(snapshot: Snapshot): void {
    const gpuAt = (index: number) => this.placed(identityAt(this.records, index));
    for (const call of stuckCallsOf(snapshot.watch.samplerPid, snapshot, gpuAt, momentOf(this.options.clock))) {
      const gpu = gpuOfCall(call);
      if (call.verdict !== 'stuck' || gpu === undefined) continue;
      this.lastStuck = [...this.lastStuck.filter((one) => !isCallOf(one, gpu)), call];
    }
  }

  private setAside(supervisor: Supervisor, moment: Moment): readonly GpuSetAside[] {
    const toUnix = (seconds: number) => moment.unixSeconds + (seconds - supervisor.processSeconds());
    return supervisor.fleet.setAside.gpus.map((one) => {
      const again = backAtSeconds(one);
      return {
        gpu: this.placed(one.gpu),
        sinceUnixSeconds: toUnix(one.sinceSeconds),
        againUnixSeconds: Number.isFinite(again) ? toUnix(again) : undefined,
        lastCall: this.lastCallOf(one.gpu),
      };
    });
  }

  private lastCallOf(gpu: GpuIdentity): StuckCall | undefined {
    return this.lastStuck.find((call) => isCallOf(call, gpu));
  }

  private make(moment: Moment): NodeState {
    const { supervisor, newest, options } = this;
    const fleet = supervisor?.fleet;
    const stuckCalls = fleet === undefined ? [] : this.stuckCalls(fleet, moment);
    const inForce = fleet === undefined ? [] : callsInForce(fleet, stuckCalls);
    const tickNs = newest?.watch.tickMonotonicNs ?? 0;
    const parts =
      fleet === undefined || supervisor === undefined
        ? undefined
        : {
            fleet,
            processSeconds: supervisor.processSeconds(),
            moment,
            stuckCalls,
            lastTickSeconds: tickNs === 0 ? undefined : tickNs / 1e9,
            staleAfterSeconds: options.staleAfterSeconds,
            limitReached: supervisor.limitReached,
            cycleSeconds: options.cycleSeconds,
            nameOf: (gpu: GpuIdentity) => gpuName(this.placed(gpu)),
          };
    const sampling = parts === undefined ? NOT_SAMPLING(options.cycleSeconds) : samplingOf(parts);
    const inits = supervisor?.initTotals();
    const driver: Driver = {
      ...(this.isOn('nvml')
        ? driverOf(newest?.driver, parts === undefined ? undefined : silentSeconds(parts), this.kernelModule.kind)
        : DRIVER_LEFT_ALONE),
      ...(inits === undefined
        ? {}
        : {
            initAttempts: inits.initAttempts,
            reinitializations: inits.reinitializations,
            reinitializationsByReason: countsByReason(inits.reinitsByCode),
          }),
    };
    const calls = callStatistics(supervisor?.callTotals());
    const gpus = this.gpus(fleet, inForce, moment);
    return join(
      {
        moment,
        agent: options.agent,
        simulated: this.simulated ?? this.toldByClock(),
        driver,
        sampling,
        gpus,
        pci: this.passthrough.scan.functions,
        baseline: this.baselineOf(gpus, driver.state, moment),
        hami: this.hami === undefined || isOldSweep(this.hami, moment) ? undefined : this.hami,
        passthroughHolders: this.passthrough.holders,
        identityOf: (pid) => this.processes.get(pid),
        bootUnixSeconds: this.processes.bootUnixSeconds,
        events: this.events.recent,
        eventsLost: this.events.lost,
        eventsWaiting: this.events.waiting,
        xidFaults: this.events.faults.xids,
        switchFaults: this.events.faults.switches,
        kernelLog: this.kernelFaults?.state ?? KERNEL_LOG_LEFT_ALONE,
        switchedOff: options.switchedOff,
        sources: this.sources(moment, driver, calls, inits?.cyclesSkipped ?? 0),
        useOf: (partitions) => this.ledger.use(partitions),
        calls,
        callsInForce: inForce,
        samplerLimit: supervisor?.limitReached,
        setAside: supervisor === undefined ? [] : this.setAside(supervisor, moment),
        indexesInDoubt: this.records.filter(({ excludedInDoubt }) => excludedInDoubt).map(({ index }) => index),
      },
      this.topology,
      this.options.judge,
    );
  }

  /**
   * What the node is known to have, after this look at it. Read from its file when the driver has first answered: only
   * then is it known whether the node is a simulated one, which has a baseline of its own.
   */
  private baselineOf(gpus: readonly Gpu[], driver: Driver['state'], { unixSeconds }: Moment): Baseline {
    const { baseline } = this.options;
    if (baseline === undefined) return NO_BASELINE;
    if (driver !== 'initialized') return baseline.baseline;
    if (!this.baselineLoaded) {
      this.baselineLoaded = true;
      void baseline.load(this.simulated !== undefined).then(() => {
        this.changed = true;
      });
    }
    const learns = baseline.observe(sightingsOf(gpus, this.passthrough.scan.functions), unixSeconds);
    this.learned ||= learns && this.hasNamedGpu();
    return baseline.baseline;
  }

  private stuckCalls(fleet: Fleet, moment: Moment): readonly StuckCall[] {
    return fleet.members.flatMap((member) => {
      const snapshot = this.supervisor?.snapshotOf(member.generation);
      if (snapshot === undefined) return [];
      const records = snapshot.watch.inFlight.length === 0 ? [] : this.supervisor?.gpusOf(member.generation);
      const gpuAt = (index: number) => this.placed(identityAt(records ?? [], index));
      return stuckCallsOf(member.pid, snapshot, gpuAt, moment);
    });
  }

  private gpus(fleet: Fleet | undefined, stuckCalls: readonly StuckCall[], moment: Moment): readonly Gpu[] {
    const released = fleet?.released ?? [];
    const context = {
      moment,
      staleAfterSeconds: this.options.staleAfterSeconds,
      stuckCalls,
      released: released.some((one) => one.gpu === 'all')
        ? ('all' as const)
        : released.flatMap((one) => (one.gpu === 'all' ? [] : [one.gpu])),
      setAside: (fleet?.setAside.gpus ?? []).map(({ gpu }) => ({ gpu, lastCall: this.lastCallOf(gpu) })),
      historyOf: (uuid: string | undefined, index: number) => this.events.historyOf(uuid, index),
    };
    return this.records.map((record) => gpuOf(record, context));
  }

  private sources(moment: Moment, driver: Driver, calls: readonly CallStatistics[], cyclesSkipped: number) {
    const snapshot = this.isOn('nvml') ? this.newest : undefined;
    const { taken: records, hami } = this;
    return [
      ...samplerSources({ moment, driver, calls, cyclesSkipped, snapshot, records, hami }),
      this.passthrough.source(moment),
      this.processes.source(moment),
    ].filter((one) => one !== undefined);
  }
}

const NOT_SAMPLING = (cycleSeconds: number): NodeState['sampling'] => ({
  state: 'starting',
  reason: 'no sampler has been started yet',
  processes: [],
  stuckCalls: [],
  released: [],
  ageSeconds: undefined,
  cycleSeconds,
  restarts: 0,
});

// @ts-check
/**
 * A simulated node: a directory that a test or the command makes, breaks and heals.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { changeHost, HOST_FOLDERS, readHost, writeHost } from './host/host-record.mjs';
import { appendKernelMessages, xidMessage } from './host/kernel-log.mjs';
import { DEFAULT_BRANCH, driverVersionOf, installLibrary } from './state/branches.mjs';
import {
  frozenClock,
  readClock,
  realMonotonicNanoseconds,
  rebased,
  runningClock,
  shownBy,
  writeClock,
} from './state/clock-file.mjs';
import { compileScenario, loadDraft, migDraft, processDraft, valueDraft } from './state/compile.mjs';
import { EntryKind } from './state/entries.mjs';
import { deviceHolders } from './state/holders.mjs';
import { appendEntries, createJournal, readJournal, readJournalHeader } from './state/journal.mjs';
import { replay } from './state/replay.mjs';
import { checkCallLatency, checkLoad, checkMig, checkProcess, loadScenario } from './state/scenario.mjs';
import { pciAddress, visibleGpus } from './state/visible-gpus.mjs';

/** @typedef {import('./state/entries.mjs').EntryDraft} EntryDraft */

/**
 * What goes wrong; times in microseconds of this machine's clock, so a stopped clock does not hold them.
 * @typedef {object} FaultSpelling
 * @property {string} [function] absent = every function, init and shutdown among them
 * @property {number} [gpu] absent = calls about any GPU, or none
 * @property {number} [pid] absent = every process
 * @property {number} [code] what the call answers
 * @property {number} [latencyMicroseconds] slept before answering
 * @property {number} [busyMicroseconds] CPU burnt before answering
 * @property {'killable' | 'd-state'} [hang] until the fault is cleared, or the file system thawed
 * @property {string} [frozenFile] for `d-state`: a file on a frozen file system
 * @property {number} [afterMicroseconds] the fault starts so much later
 */

const MICROSECOND = 1_000n;
const SECOND_NANOSECONDS = 1e9;
const LONGEST_PATH_BYTES = 287;
/** Event types of the driver's interface. */
const XID_EVENT = 0x8;
const MIG_EVENT = 0x100;
/** Kernel drivers a GPU can be bound to; empty = none. */
const BINDABLE = ['nvidia', 'vfio-pci', ''];
const NOT_APPLICABLE = 0xffff_ffff;

/**
 * Makes a node.
 * @param {string} directory must be empty or absent
 * @param {{ scenario: string | import('./state/scenario.mjs').Scenario, seed?: number, branch?: string, frozenClock?: boolean, callLatency?: Readonly<Record<string, number>> }} options
 *   `scenario`: a name, a YAML file, or what one of these says; `branch`: that of the scenario, else 580; `callLatency`: microseconds a call takes, by function, `*` for the others; it
 *   takes the place of the scenario's
 * @returns {SimulatedNode}
 */
export function createNode(
  directory,
  { scenario: named, seed = 1, branch: wanted, frozenClock: frozen = false, callLatency },
) {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Error(`${directory} is not empty; name a new directory, or remove this one`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`seed: expected a whole number below 2^32, got ${seed}`);
  }
  const scenario = typeof named === 'string' ? loadScenario(named) : named;
  const branch = wanted ?? scenario.driver?.branch ?? DEFAULT_BRANCH;
  const captured = scenario.driver?.branch === branch ? scenario.driver : undefined;
  const version = captured?.version ?? driverVersionOf(branch);
  if (callLatency !== undefined) checkCallLatency(callLatency, 'callLatency');
  const { gpus, drafts } = compileScenario(scenario, {
    seed,
    branch,
    ...(callLatency === undefined ? {} : { callLatency }),
  });
  const build = () => {
    installLibrary(directory, branch, captured);
    const clock = frozen ? frozenClock() : runningClock();
    writeClock(join(directory, 'clock'), clock);
    const shown = shownBy(clock);
    createJournal(join(directory, 'state'), {
      seed,
      gpus,
      drafts,
      time: {
        shownMonotonicNanoseconds: shown.monotonicNanoseconds,
        realMonotonicNanoseconds: realMonotonicNanoseconds(),
      },
    });
    const node = new SimulatedNode(directory);
    writeHost(
      node.directory,
      {
        host: scenario.host,
        driverVersion: version,
        gpus: visibleGpus(node.read()),
        ...(captured === undefined ? {} : { driver: captured }),
      },
      Number(shown.realtimeNanoseconds) / SECOND_NANOSECONDS,
    );
    return node;
  };
  const existed = existsSync(directory);
  mkdirSync(directory, { recursive: true });
  try {
    return build();
  } catch (error) {
    // Half a node is none: whoever corrects the scenario finds the place as it was.
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
    if (!existed) rmdirSync(directory);
    throw error;
  }
}

/**
 * @param {string} directory of a node that exists
 * @returns {SimulatedNode}
 */
export function openNode(directory) {
  const node = new SimulatedNode(directory);
  if (!existsSync(node.statePath)) {
    throw new Error(`${directory} is no simulated node (it has no file "state"); make one with "create"`);
  }
  return node;
}

export class SimulatedNode {
  /** What has been read of the journal: of a long one only what is new is read again. */
  #known = /** @type {import('./state/entries.mjs').Entry[]} */ ([]);

  /** @param {string} directory */
  constructor(directory) {
    /** Absolute path. */
    this.directory = resolve(directory);
    this.statePath = join(this.directory, 'state');
    this.clockPath = join(this.directory, 'clock');
    this.libraryPath = join(this.directory, 'driver', 'libnvidia-ml.so.1');
  }

  /** @returns {string[]} the agent's flags for this node */
  flags() {
    const at = (/** @type {string} */ path) => join(this.directory, path);
    return [
      `--nvml.library=${this.libraryPath}`,
      `--path.sysfs=${at(HOST_FOLDERS.sys)}`,
      `--path.procfs=${at(HOST_FOLDERS.proc)}`,
      `--path.dev=${at(HOST_FOLDERS.dev)}`,
      `--path.run=${at(HOST_FOLDERS.run)}`,
      `--path.state=${at(HOST_FOLDERS.state)}`,
      // Below this root nothing stands where HAMi's directories usually are: the real host's are not read.
      `--path.rootfs=${at('host')}`,
      `--path.hami=${at(HOST_FOLDERS.hami)}`,
      `--clock.file=${this.clockPath}`,
    ];
  }

  /** The node as its journal describes it. */
  read() {
    const { header, entries } = readJournal(this.statePath, this.#known);
    this.#known = entries;
    return replay({ header, entries });
  }

  /** What the node's clock shows now. */
  now() {
    return shownBy(readClock(this.clockPath));
  }

  /**
   * @param {FaultSpelling} fault
   * @returns {number} id, for `clear`
   */
  fault(fault) {
    this.#checkGpu(fault.gpu);
    const { code, latencyMicroseconds: latency = 0, busyMicroseconds: busy = 0, hang, frozenFile } = fault;
    if (code === undefined && latency === 0 && busy === 0 && hang === undefined) {
      throw new RangeError('a fault needs an effect: a code, a latency, busy time or a hang');
    }
    if ((hang === 'd-state') !== (frozenFile !== undefined)) {
      throw new RangeError('a D-state hang needs a file on a frozen file system, other faults take none');
    }
    const path = frozenFile === undefined ? '' : resolve(frozenFile);
    if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) throw new RangeError(`${path} is too long`);
    const start = realMonotonicNanoseconds() + microseconds(fault.afterMicroseconds ?? 0);
    return this.#append({
      kind: EntryKind.fault,
      ...(fault.gpu === undefined ? {} : { gpu: fault.gpu }),
      ...(fault.pid === undefined ? {} : { pid: fault.pid }),
      numbers: [
        hang === undefined ? 0 : hang === 'killable' ? 1 : 2,
        code === undefined ? 0 : 1,
        code ?? 0,
        microseconds(latency),
        microseconds(busy),
        start,
      ],
      name: fault.function ?? '*',
      text: path,
    });
  }

  /**
   * Ends one fault or loss, or all.
   * @param {number} [id]
   */
  clear(id) {
    if (id !== undefined && !this.read().faults.some((fault) => fault.id === id)) {
      throw new RangeError(`no fault ${id}; "show" lists those there are`);
    }
    return this.#append({ kind: EntryKind.clear, numbers: [id ?? 0] });
  }

  /**
   * A GPU falls off the bus: every call about it answers 15, and so does every event wait it is part of.
   * @param {number} gpu
   * @returns {number} id, for `clear`
   */
  lose(gpu) {
    this.#checkGpu(gpu);
    return this.#append({ kind: EntryKind.loseGpu, gpu });
  }

  /**
   * A lost GPU that the driver gives up, although it is in use: neither counted nor listed any more, and the indexes of
   * those behind it move. `clear` and `bind` bring it back.
   * @param {number} gpu counts over the whole node
   */
  unplug(gpu) {
    const id = this.lose(gpu);
    this.#append({ kind: EntryKind.bindGpu, gpu, name: '' });
    this.#changeGpus();
    return id;
  }

  /**
   * Delivers events, one after the other.
   * @param {number} gpu
   * @param {readonly { type: number, data: number, gpuInstance?: number, computeInstance?: number }[]} events
   */
  events(gpu, events) {
    this.#checkGpu(gpu);
    return this.#append(...events.map((event) => eventDraft(gpu, event)));
  }

  /**
   * XIDs, one after the other.
   * @param {number} gpu
   * @param {readonly number[]} codes
   */
  xid(gpu, codes) {
    return this.events(
      gpu,
      codes.map((data) => ({ type: XID_EVENT, data })),
    );
  }

  /**
   * Lines of the kernel log, as the kernel writes them.
   * @param {readonly string[]} messages
   * @param {{ priority?: number }} [options] `priority` from 8 on: what a process wrote into the log
   */
  kernelLog(messages, { priority } = {}) {
    appendKernelMessages(this.directory, messages, this.#monotonicSeconds(), priority);
  }

  /**
   * An XID as the kernel log tells it, without an event of NVML.
   * @param {number} gpu
   * @param {number} xid
   * @param {{ pid?: number | undefined, name?: string | undefined, text?: string | undefined }} [more]
   */
  logXid(gpu, xid, more) {
    this.#checkGpu(gpu);
    const attributes = this.read().gpus[gpu]?.attributes ?? new Map();
    this.kernelLog([xidMessage(pciAddress(attributes), xid, more)]);
  }

  /** Processes of this machine that hold a device node of this node open. */
  holders() {
    return deviceHolders(join(this.directory, HOST_FOLDERS.dev));
  }

  /** Removes the driver's module. Refused, as by the kernel, while anybody holds a device node. */
  unload() {
    if (this.read().branch === undefined) throw new Error('the driver is not loaded; there is nothing to unload');
    const holders = this.holders();
    if (holders.length > 0) {
      const list = holders.map(({ pid, node }) => `process ${pid} holds ${node}`).join(', ');
      throw new Error(`the driver is in use: ${list}; end these processes, or make them release the GPUs`);
    }
    this.#append({ kind: EntryKind.unloadDriver });
    changeHost(this.directory, { driverVersion: undefined }, this.#unixSeconds());
  }

  /**
   * Loads the driver's module, of another branch if told so. Without an unload before it is as if the machine had
   * changed the module below running processes: their library no longer fits.
   * @param {string} [branch] absent = the one that was loaded last
   * @param {{ library?: boolean }} [options] `library: false` leaves the old library file in place: a mismatch
   */
  load(branch, { library = true } = {}) {
    const last = readJournal(this.statePath).entries.findLast(({ kind }) => kind === EntryKind.loadDriver);
    const chosen = branch ?? last?.name ?? DEFAULT_BRANCH;
    const { driver } = readHost(this.directory);
    const captured = driver?.branch === chosen ? driver : undefined;
    const driverVersion = captured?.version ?? driverVersionOf(chosen);
    if (library) installLibrary(this.directory, chosen, captured);
    this.#append({ kind: EntryKind.loadDriver, name: chosen });
    this.kernelLog([`NVRM: loading NVIDIA UNIX x86_64 Kernel Module  ${driverVersion}`]);
    changeHost(this.directory, { driverVersion }, this.#unixSeconds());
  }

  /**
   * Binds a GPU to another kernel driver. The nvidia module then neither counts nor lists it, and the indexes of those
   * behind it move. Refused while anybody holds its device node or works on it: the module waits for them.
   * @param {number} gpu counts over the whole node, whatever is bound
   * @param {string} driver `nvidia`, `vfio-pci`, or empty for none
   */
  bind(gpu, driver) {
    this.#checkGpu(gpu);
    if (!BINDABLE.includes(driver)) {
      throw new RangeError(`driver: expected nvidia, vfio-pci or none, got "${driver}"`);
    }
    const bound = this.read().gpus[gpu];
    const minor = bound?.attributes.get('minorNumber') ?? gpu;
    const users = [...this.holders().filter(({ node }) => node === `nvidia${minor}`), ...(bound?.processes ?? [])].map(
      ({ pid }) => pid,
    );
    if (bound?.driver === 'nvidia' && users.length > 0) {
      throw new Error(`GPU ${gpu} is in use by ${users.map((pid) => `process ${pid}`).join(', ')}; end or release it`);
    }
    this.#append({ kind: EntryKind.bindGpu, gpu, name: driver });
    this.#changeGpus();
  }

  /**
   * Puts another branch's library beside the loaded module, as a package upgrade without a reload does: init then
   * answers 18.
   * @param {string} branch
   */
  replaceLibrary(branch) {
    installLibrary(this.directory, branch);
  }

  /**
   * Changes the clock from now on.
   * @param {{ rate?: number, advanceSeconds?: number, jumpRealtimeSeconds?: number }} change `rate` 0 stops it
   */
  clock({ rate, advanceSeconds = 0, jumpRealtimeSeconds = 0 }) {
    if (rate !== undefined && !(rate >= 0 && Number.isFinite(rate))) {
      throw new RangeError(`rate: expected a number from 0, got ${rate}`);
    }
    if (!(advanceSeconds >= 0)) throw new RangeError(`advance: monotonic time does not go back, got ${advanceSeconds}`);
    const before = rebased(readClock(this.clockPath));
    writeClock(this.clockPath, {
      ...before,
      shownNanoseconds: before.shownNanoseconds + nanoseconds(advanceSeconds),
      realtimeOffsetNanoseconds: before.realtimeOffsetNanoseconds + nanoseconds(jumpRealtimeSeconds),
      rate: rate ?? before.rate,
    });
  }

  /**
   * Gives a GPU another value, or takes it away.
   * @param {number} gpu
   * @param {Readonly<Record<string, number | bigint | string | undefined>>} values by attribute
   */
  set(gpu, values) {
    this.#checkGpu(gpu);
    const drafts = Object.entries(values).map(([name, value]) => valueDraft(name, value, gpu));
    const id = this.#append(...drafts);
    this.#changeGpus();
    return id;
  }

  /**
   * @param {number} gpu
   * @param {readonly { seconds: number, percent: number }[]} steps repeated for ever
   */
  setLoad(gpu, steps) {
    this.#checkGpu(gpu);
    checkLoad({ steps }, 'load');
    return this.#append(loadDraft(steps, { seed: this.#seed(), gpu }));
  }

  /** @param {import('./state/scenario.mjs').ProcessSpelling} process `gpu` counts over the whole node */
  startProcess(process) {
    checkProcess(process, this.read().gpus.length, 'process');
    const id = this.#append(processDraft(process));
    this.#changeGpus();
    return id;
  }

  /**
   * @param {number} pid
   * @param {number} [gpu] absent = on all
   */
  endProcess(pid, gpu) {
    this.#checkGpu(gpu);
    const id = this.#append({ kind: EntryKind.endProcess, pid, ...(gpu === undefined ? {} : { gpu }) });
    this.#changeGpus();
    return id;
  }

  /**
   * Some processes end and others start at the same instant: the library sees all of it or nothing.
   * @param {object} change
   * @param {readonly number[]} [change.ended] pids, on all GPUs; workloads all of whose processes they are go with them
   * @param {readonly import('./state/scenario.mjs').ProcessSpelling[]} [change.started] `gpu` counts over the whole node
   * @param {readonly import('./host/host-plan.mjs').HostWorkloadEntry[]} [change.workloads] whose the started ones are;
   *   those of nobody are a session's
   */
  exchangeProcesses({ ended = [], started = [], workloads = [] }) {
    const gpus = this.#gpus();
    for (const process of started) checkProcess(process, gpus, 'process');
    this.#append(...ended.map((pid) => ({ kind: EntryKind.endProcess, pid })), ...started.map(processDraft));
    const { host } = readHost(this.directory);
    const gone = new Set(ended);
    const stay = (host.workloads ?? []).filter(
      ({ processes }) => processes.length === 0 || processes.some(({ pid }) => !gone.has(pid)),
    );
    const changes = { host: { ...host, workloads: [...stay, ...workloads] }, gpus: visibleGpus(this.read()) };
    changeHost(this.directory, changes, this.#unixSeconds());
  }

  /**
   * Creates a MIG instance; whoever registered for it gets the event.
   * @param {import('./state/scenario.mjs').MigSpelling} mig `gpu` counts over the whole node
   */
  createMig(mig) {
    const { gpus } = this.read();
    checkMig(mig, gpus.length, 'mig');
    const gpu = gpus[mig.gpu];
    if (gpu?.attributes.get('migMode') !== 1n)
      throw new Error(`GPU ${mig.gpu} is not in MIG mode: set migMode to 1 first`);
    if (
      gpu.migInstances.some(
        (other) => other.gpuInstance === mig.gpuInstance && other.computeInstance === mig.computeInstance,
      )
    ) {
      throw new Error(`GPU ${mig.gpu} has an instance ${mig.gpuInstance}/${mig.computeInstance} already`);
    }
    const id = this.#append(migDraft(mig, this.#seed()), eventDraft(mig.gpu, { type: MIG_EVENT, data: 0 }));
    this.#changeGpus();
    return id;
  }

  /** @param {{ gpu: number, gpuInstance: number, computeInstance: number }} place */
  destroyMig({ gpu, gpuInstance, computeInstance }) {
    this.#checkGpu(gpu);
    const instances = this.read().gpus[gpu]?.migInstances ?? [];
    if (!instances.some((mig) => mig.gpuInstance === gpuInstance && mig.computeInstance === computeInstance)) {
      throw new Error(`GPU ${gpu} has no instance ${gpuInstance}/${computeInstance}; "show" lists those there are`);
    }
    const id = this.#append(
      { kind: EntryKind.destroyMigInstance, gpu, numbers: [gpuInstance, computeInstance] },
      eventDraft(gpu, { type: MIG_EVENT, data: 0 }),
    );
    this.#changeGpus();
    return id;
  }

  /** @param {EntryDraft[]} drafts */
  #append(...drafts) {
    return appendEntries(this.statePath, drafts, {
      shownMonotonicNanoseconds: this.now().monotonicNanoseconds,
      realMonotonicNanoseconds: realMonotonicNanoseconds(),
    });
  }

  #changeGpus() {
    changeHost(this.directory, { gpus: visibleGpus(this.read()) }, this.#unixSeconds());
  }

  #monotonicSeconds() {
    return Number(this.now().monotonicNanoseconds) / SECOND_NANOSECONDS;
  }

  #unixSeconds() {
    return Number(this.now().realtimeNanoseconds) / SECOND_NANOSECONDS;
  }

  #seed() {
    return Number(readJournalHeader(this.statePath).seed);
  }

  #gpus() {
    return readJournalHeader(this.statePath).gpus;
  }

  /** @param {number | undefined} gpu */
  #checkGpu(gpu) {
    if (gpu === undefined) return;
    const gpus = this.#gpus();
    if (!Number.isInteger(gpu) || gpu < 0 || gpu >= gpus) {
      throw new RangeError(`gpu: expected 0 to ${gpus - 1}, got ${gpu}`);
    }
  }
}

/**
 * @param {number} gpu
 * @param {{ type: number, data: number, gpuInstance?: number, computeInstance?: number }} event
 * @returns {EntryDraft}
 */
function eventDraft(gpu, { type, data, gpuInstance = NOT_APPLICABLE, computeInstance = NOT_APPLICABLE }) {
  return { kind: EntryKind.event, gpu, numbers: [type, data, gpuInstance, computeInstance] };
}

/** @param {number} value */
function microseconds(value) {
  return BigInt(Math.round(value)) * MICROSECOND;
}

/** @param {number} seconds */
function nanoseconds(seconds) {
  return BigInt(Math.round(seconds * SECOND_NANOSECONDS));
}

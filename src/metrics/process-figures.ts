import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How `nodejs_gc_duration_seconds` calls the kinds of garbage collection. */
const GC_KINDS: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** The key of the page size among what the kernel tells a program at its start (getauxval(3)). */
const AT_PAGESZ = 6n;

/**
 * What a reading of /proc gives; undefined where there is none, as in a jail without /proc. All of them are of
 * /proc/self and synchronous: the kernel writes a page from memory without waiting for anybody (5 to 9 µs), a round
 * through the thread pool took 120 µs, and the figures of one scrape belong to one instant.
 */
function ifThere<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Bytes of a page of memory: 4 KiB on x64, up to 64 KiB on arm64. */
function pageBytes(): number {
  const auxiliary = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= auxiliary.length; at += 16) {
    if (auxiliary.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxiliary.readBigUInt64LE(at + 8));
  }
  throw new Error('/proc/self/auxv tells no page size');
}

/** Memory of this process: one descriptor is read again and again, which costs a tenth of opening the file each time. */
class MemoryFile {
  readonly #pageBytes = pageBytes();
  readonly #descriptor = openSync('/proc/self/statm', 'r');
  readonly #text = Buffer.alloc(256);

  /** Virtual, resident, and data with stack (which is what `process_heap_bytes` means on Linux), in bytes. */
  read(): { readonly virtual: number; readonly resident: number; readonly data: number } {
    const length = readSync(this.#descriptor, this.#text, 0, this.#text.length, 0);
    const [virtual = 0, resident = 0, , , , data = 0] = this.#text.toString('latin1', 0, length).split(' ').map(Number);
    const bytes = this.#pageBytes;
    return { virtual: virtual * bytes, resident: resident * bytes, data: data * bytes };
  }

  /** Gives the descriptor back; nothing may be read afterwards, for its number may be another file's by then. */
  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The soft limit of open files; undefined when there is none. It changes only by hand, so that it is read once. */
function maxOpenFiles(): number | undefined {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return limit === undefined ? undefined : Number(limit);
}

/** Open descriptors. Since Linux 6.2 the folder's size tells them, before one has to list it, and itself with it. */
function openFiles(): number {
  const { size } = statSync('/proc/self/fd');
  return size > 0 ? size : readdirSync('/proc/self/fd').length - 1;
}

/** A gauge that is there from its first measurement on: prom-client's says 0 before, which nobody measured. */
class Measured {
  #gauge: Gauge | undefined;

  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly registry: Registry,
  ) {}

  set(value: number | undefined): void {
    if (value === undefined) return;
    this.#gauge ??= new Gauge({ name: this.name, help: this.help, registers: [this.registry] });
    this.#gauge.set(value);
  }
}

/**
 * The standard families `process_*` and `nodejs_*` in a registry of prom-client's, with its names and help texts.
 * Its own collectors are not used: one of them measures a distribution of the event loop's delay that it then has to
 * compute at every scrape, others list folders and read whole files, and together they are half a scrape of eight GPUs.
 */
export class ProcessFigures {
  readonly #memory = ifThere(() => new MemoryFile());
  readonly #cpu;
  readonly #gauges;
  readonly #heapSpaces;
  readonly #resources;
  readonly #collections;
  #closed = false;
  #lastCpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string) => new Counter({ name, help, registers });
    const gauge = (name: string, help: string) => new Measured(name, help, registry);
    this.#cpu = {
      user: counter('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.'),
      system: counter('process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.'),
      both: counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
    };
    this.#gauges = {
      resident: gauge('process_resident_memory_bytes', 'Resident memory size in bytes.'),
      virtual: gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.'),
      data: gauge('process_heap_bytes', 'Process heap size in bytes.'),
      openFiles: gauge('process_open_fds', 'Number of open file descriptors.'),
      heapTotal: gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.'),
      heapUsed: gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.'),
      external: gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.'),
      lag: gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.'),
      resources: gauge('nodejs_active_resources_total', 'Total number of active resources.'),
    };
    const perSpace = (what: string) =>
      new Gauge({
        name: `nodejs_heap_space_size_${what}_bytes`,
        help: `Process heap space size ${what} from Node.js in bytes.`,
        labelNames: ['space'],
        registers,
      });
    this.#heapSpaces = { total: perSpace('total'), used: perSpace('used'), available: perSpace('available') };
    this.#resources = new Gauge({
      name: 'nodejs_active_resources',
      help: 'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
      labelNames: ['type'],
      registers,
    });

    const startedSeconds = Math.round((Date.now() / 1_000 - process.uptime()) * 1_000) / 1_000;
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.').set(startedSeconds);
    gauge('process_max_fds', 'Maximum number of open file descriptors.').set(ifThere(maxOpenFiles));
    const { version } = process;
    const [major, minor, patch] = version.slice(1).split('.');
    new Gauge({
      name: 'nodejs_version_info',
      help: 'Node.js version info.',
      labelNames: ['version', 'major', 'minor', 'patch'],
      registers,
    }).set({ version, major, minor, patch } as Record<'version' | 'major' | 'minor' | 'patch', string>, 1);
    this.#collections = countCollections(registry);
  }

  /** Stops watching the process; figures stay as they were last read. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#collections.disconnect();
    this.#memory?.close();
  }

  /** Reads all figures. */
  update(): void {
    // Scrapes may still be answered while the service ends.
    if (this.#closed) return;
    this.#updateCpu();
    const gauges = this.#gauges;
    const memory = this.#memory?.read();
    gauges.virtual.set(memory?.virtual);
    gauges.resident.set(memory?.resident);
    gauges.data.set(memory?.data);
    gauges.openFiles.set(ifThere(openFiles));
    const heap = getHeapStatistics();
    gauges.heapTotal.set(heap.total_heap_size);
    gauges.heapUsed.set(heap.used_heap_size);
    gauges.external.set(heap.external_memory);
    for (const one of getHeapSpaceStatistics()) {
      const space = one.space_name.replace(/_space$/, '');
      this.#heapSpaces.total.set({ space }, one.space_size);
      this.#heapSpaces.used.set({ space }, one.space_used_size);
      this.#heapSpaces.available.set({ space }, one.space_available_size);
    }
    this.#updateResources();
    this.#measureLag();
  }

  #updateCpu(): void {
    const now = process.cpuUsage();
    const user = (now.user - this.#lastCpu.user) / 1e6;
    const system = (now.system - this.#lastCpu.system) / 1e6;
    this.#lastCpu = now;
    this.#cpu.user.inc(user);
    this.#cpu.system.inc(system);
    this.#cpu.both.inc(user + system);
  }

  #updateResources(): void {
    const active = process.getActiveResourcesInfo();
    this.#gauges.resources.set(active.length);
    this.#resources.reset();
    for (const type of active) this.#resources.inc({ type });
  }

  /** How late something is that wants to run at once: shown by the next scrape. */
  #measureLag(): void {
    const started = performance.now();
    setImmediate(() => this.#gauges.lag.set((performance.now() - started) / 1_000));
  }
}

/** Counts garbage collections until the observer is disconnected. */
function countCollections(registry: Registry): PerformanceObserver {
  const durations = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    labelNames: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = GC_KINDS.get((entry as { readonly detail?: { readonly kind?: number } }).detail?.kind);
      if (kind !== undefined) durations.observe({ kind }, entry.duration / 1_000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return observer;
}

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { getHeapSpaceStatistics, getHeapStatistics, type HeapInfo, type HeapSpaceInfo } from 'node:v8';

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

/** Memory of this process in bytes. */
export interface ProcessMemory {
  readonly virtual: number;
  readonly resident: number;
  readonly data: number;
}

/** What this process is and uses at one instant; undefined = nobody tells here. */
export interface ProcessSample {
  readonly startedUnixSeconds: number;
  /** CPU time since the start, in microseconds. */
  readonly cpu: NodeJS.CpuUsage;
  readonly memory: ProcessMemory | undefined;
  readonly openFiles: number | undefined;
  readonly maxOpenFiles: number | undefined;
  readonly heap: HeapInfo;
  readonly heapSpaces: readonly HeapSpaceInfo[];
  /** What keeps the event loop alive, by type; 0 for a type that did before. */
  readonly resources: ReadonlyMap<string, number>;
  /** How late something was that wanted to run at once; undefined before the first measurement. */
  readonly lagSeconds: number | undefined;
}

/** Memory of this process: one descriptor is read again and again, which costs a tenth of opening the file each time. */
class MemoryFile {
  readonly #pageBytes = pageBytes();
  readonly #descriptor = openSync('/proc/self/statm', 'r');
  readonly #text = Buffer.alloc(256);

  /** Virtual, resident, and data with stack (which is what `process_heap_bytes` means on Linux), in bytes. */
  read(): ProcessMemory {
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

/**
 * Reads what the standard families `process_*` and `nodejs_*` tell. prom-client's own collectors of them are not used:
 * one measures a distribution of the event loop's delay that it then has to compute at every scrape, others list
 * folders and read whole files, and together they are half a scrape of eight GPUs.
 */
export class ProcessFigures {
  readonly #memory = ifThere(() => new MemoryFile());
  readonly #startedUnixSeconds = Math.round((Date.now() / 1_000 - process.uptime()) * 1_000) / 1_000;
  readonly #maxOpenFiles = ifThere(maxOpenFiles);
  readonly #resources = new Map<string, number>();
  #lagSeconds: number | undefined;
  #measuresLag = false;
  #last: ProcessSample | undefined;
  #closed = false;

  /** Stops watching the process: what is read afterwards is what was read last. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    // Scrapes may still be answered while the service ends.
    this.#last = this.read();
    this.#closed = true;
    this.#memory?.close();
  }

  /** All figures as they are now. */
  read(): ProcessSample {
    if (this.#closed && this.#last !== undefined) return this.#last;
    this.#countResources();
    this.#measureLag();
    return {
      startedUnixSeconds: this.#startedUnixSeconds,
      cpu: process.cpuUsage(),
      memory: this.#memory?.read(),
      openFiles: ifThere(openFiles),
      maxOpenFiles: this.#maxOpenFiles,
      heap: getHeapStatistics(),
      heapSpaces: getHeapSpaceStatistics(),
      resources: this.#resources,
      lagSeconds: this.#lagSeconds,
    };
  }

  #countResources(): void {
    // A type that was there stays, as 0: series that come and go are compiled anew each time.
    for (const type of this.#resources.keys()) this.#resources.set(type, 0);
    for (const type of process.getActiveResourcesInfo())
      this.#resources.set(type, (this.#resources.get(type) ?? 0) + 1);
  }

  /** How late something is that wants to run at once: shown by the next scrape. */
  #measureLag(): void {
    if (this.#measuresLag) return;
    this.#measuresLag = true;
    const started = performance.now();
    setImmediate(() => {
      this.#measuresLag = false;
      this.#lagSeconds = (performance.now() - started) / 1_000;
    });
  }
}

import { Socket } from 'node:net';
import type {
  Addon,
  GpuSnapshot,
  HamiSnapshot,
  SamplerPoll,
  SegmentReader,
  Snapshot,
  SpawnedSampler,
} from './addon.js';

/** What a link tells its owner. */
export interface LinkEvents {
  /** The sampler published something: read it. Once per cycle, and when a verdict changes. */
  wake(): void;
  /** Its end of the socket is closed: it is leaving or dead. */
  hangUp(): void;
}

/** How a sampler is started. */
export interface LinkOptions {
  readonly path: string;
  readonly flags: readonly string[];
  /** Memory of the predecessor, whose counters go on. */
  readonly carryFd: number | undefined;
}

const LEAVE = Buffer.from('x');

const SIGTERM = 15;
const REAP_MILLISECONDS = 200;

/** The reader of a process that was just started. When there is none, nothing of the process stays, and it throws. */
function openedOrEnded(addon: Addon, started: SpawnedSampler): SegmentReader {
  try {
    return addon.openSegment(started.memoryFd);
  } catch (error) {
    for (const fd of [started.socketFd, started.memoryFd, started.messagesFd]) addon.closeFd(fd);
    if (!hasEnded(addon, started.pid)) addon.signalSampler(started.pid, SIGTERM);
    const timer = setInterval(() => {
      if (hasEnded(addon, started.pid)) clearInterval(timer);
    }, REAP_MILLISECONDS).unref();
    throw error;
  }
}

function hasEnded(addon: Addon, pid: number): boolean {
  try {
    return addon.pollSampler(pid).state === 'gone';
  } catch {
    // ESRCH: reaped before.
    return true;
  }
}

/** One sampler process: its socket, its memory, its messages. */
export class SamplerLink {
  readonly pid: number;
  readonly memoryFd: number;
  private readonly messagesFd: number;
  private readonly socket: Socket;
  private readonly reader: SegmentReader;
  private memoryOpen = true;
  private records: readonly GpuSnapshot[] = [];
  private sweep: HamiSnapshot | undefined;

  /** Starts the process. Throws an `Error` with the failed call's `code`. */
  constructor(
    private readonly addon: Addon,
    options: LinkOptions,
    events: LinkEvents,
  ) {
    const env = Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
    const started = addon.spawnSampler({ path: options.path, args: options.flags, env, carryFd: options.carryFd });
    this.pid = started.pid;
    this.memoryFd = started.memoryFd;
    this.messagesFd = started.messagesFd;
    this.reader = openedOrEnded(addon, started);
    // One small static buffer: a wake-up allocates nothing, and several bytes are still one wake-up.
    const onread = {
      buffer: Buffer.alloc(64),
      callback: () => {
        events.wake();
        return true;
      },
    };
    // The types of Node 20 know `onread` only for connect(); the constructor takes it as well.
    const socketOptions = { fd: started.socketFd, readable: true, writable: true, onread };
    this.socket = new Socket(socketOptions);
    // Broken pipe and reset mean what the end of the stream means.
    this.socket.on('error', () => {});
    this.socket.on('close', () => events.hangUp());
    this.socket.on('end', () => this.socket.destroy());
  }

  /** The newest snapshot; undefined while the sampler has not written anything. Throws `SEGMENT_FOREIGN`. */
  read(): Snapshot | undefined {
    try {
      return this.reader.read();
    } catch (error) {
      if ((error as { code?: string }).code === 'SEGMENT_NOT_READY') return undefined;
      throw error;
    }
  }

  /** The newest record of each GPU; those of the last call once the memory is closed. */
  gpus(): readonly GpuSnapshot[] {
    if (this.memoryOpen) this.records = this.reader.gpus();
    return this.records;
  }

  /** The newest sweep of HAMi directories; that of the last call once the memory is closed. Undefined before the first. */
  hami(): HamiSnapshot | undefined {
    if (this.memoryOpen) this.sweep = this.reader.hami();
    return this.sweep;
  }

  /** Sums over all lanes, see `SegmentReader.statistics`; undefined while there is nothing. */
  statistics(): Float64Array | undefined {
    try {
      return this.reader.statistics();
    } catch {
      return undefined;
    }
  }

  /** Asks it to start no call any more and to end. */
  askToLeave(): void {
    if (!this.socket.destroyed) this.socket.write(LEAVE);
  }

  /** One look; never waits. */
  poll(): SamplerPoll {
    return this.addon.pollSampler(this.pid);
  }

  signal(signal: number): boolean {
    return this.addon.signalSampler(this.pid, signal);
  }

  /** The last lines it wrote to standard error, one line, at most 400 characters; undefined when none. */
  lastMessage(): string | undefined {
    const text = this.addon.readMessages(this.messagesFd).trim().replace(/\s+/g, ' ');
    return text === '' ? undefined : text.slice(-400);
  }

  /** Closes everything but the memory, which a successor may still go on from. */
  disconnect(): void {
    this.socket.destroy();
  }

  /** What it last published can be asked for after its end. */
  private keepRecords(): void {
    try {
      this.gpus();
      this.hami();
    } catch {
      // It never got as far as to write anything.
    }
  }

  /** Closes all. Call it once, when the process is gone or left to itself. */
  dispose(): void {
    if (this.memoryOpen) this.keepRecords();
    this.socket.destroy();
    this.reader.close();
    this.addon.closeFd(this.messagesFd);
    if (this.memoryOpen) this.addon.closeFd(this.memoryFd);
    this.memoryOpen = false;
  }
}

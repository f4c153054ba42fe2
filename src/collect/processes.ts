import { lstat } from 'node:fs/promises';
import type { SourceState } from '../model/node-state.js';
import type { Addon } from '../native/addon.js';
import { splitCommandLine } from '../workload/command-line.js';
import { mayBeMpsServer, mpsSettings } from '../workload/mps.js';
import { type ProcessIdentity, parseBootTime, parseNamespacePids, parseStat } from '../workload/process-identity.js';
import type { Moment } from './age.js';
import { RoundLog } from './round-log.js';
import { withLimit } from './with-limit.js';

const SMALL_BYTES = 4096;
const COMMAND_LINE_BYTES = 16384;
/** `/proc/stat` has the time of boot behind a line of all interrupts, which is long on large machines. */
const BOOT_FILE_BYTES = 1024 * 1024;
/** What a program is started with may be as long as its stack allows; variables are looked for in so much of it. */
const ENVIRONMENT_BYTES = 131072;
/** Pids are used again: identities are read anew after this time. */
const REREAD_SECONDS = 30;
/** What has not come back by then is done without: its process holds a lock, its memory's for one. */
const READ_SECONDS = 2;
/** Reads that never came back; each keeps one thread. No further one is begun beyond this. */
const MOST_HANGING = 4;

const NOBODY: ReadonlySet<number> = new Set();

interface Round {
  readonly durationSeconds: number;
  readonly message: string | undefined;
}

interface Known {
  /** Undefined of a process that is gone. */
  readonly identity: ProcessIdentity | undefined;
  readonly readAtSeconds: number;
}

/**
 * Identities of the processes on GPUs, read from a procfs root on threads of our own. Cheap files first; the command
 * line, whose reading can sleep, apart.
 */
export class ProcessTable {
  private readonly known = new Map<number, Known>();
  private busy = false;
  private hanging = 0;
  private round: Round | undefined;
  private readonly log = new RoundLog();
  private answeredAtSeconds: number | undefined;
  /** Unix time of boot: starts of processes are counted from it. */
  private bootSeconds: number | undefined;

  constructor(
    private readonly addon: Pick<Addon, 'readFiles'>,
    private readonly procfs: string,
    private readonly seconds: () => number,
    /** Told once per trouble why identities cannot be read. */
    private readonly warn: (message: string) => void = () => {},
    private readonly limitSeconds = READ_SECONDS,
  ) {}

  /** Whether identities can be read; undefined before the first round in which there was one to read. */
  source({ monotonicSeconds, unixSeconds }: Moment): SourceState | undefined {
    const { round, answeredAtSeconds } = this;
    return round === undefined
      ? undefined
      : {
          name: 'processes',
          ok: round.message === undefined,
          lastAnswerUnixSeconds:
            answeredAtSeconds === undefined ? undefined : unixSeconds - (monotonicSeconds - answeredAtSeconds),
          ...round,
          rounds: this.log.rounds(),
        };
  }

  /** Unix time at which the node was booted; undefined while it is not known. */
  get bootUnixSeconds(): number | undefined {
    return this.bootSeconds;
  }

  /** What is known of a pid now; undefined while it is being read, or when it is gone or hidden. */
  get(pid: number): ProcessIdentity | undefined {
    return this.known.get(pid)?.identity;
  }

  /** Whether a process that was there is there no more: its pid is nobody's, or somebody's who started at another time. */
  hasEnded(pid: number, startTicks: number): boolean {
    const known = this.known.get(pid);
    return known !== undefined && known.identity?.startTicks !== startTicks;
  }

  /**
   * Says which pids matter now, and which of them are clients of MPS: their settings are read too. Forgets other pids,
   * reads new and old ones; resolves when what could be read is read. Does
   * not throw: `source` says what went wrong. A call during another does nothing: the next cycle comes soon.
   */
  async refresh(pids: ReadonlySet<number>, mpsClients: ReadonlySet<number> = NOBODY): Promise<void> {
    const now = this.seconds();
    for (const pid of this.known.keys()) if (!pids.has(pid)) this.known.delete(pid);
    if (this.busy) {
      this.log.leftOut('busy');
      return;
    }
    const due = [...pids].filter((pid) => {
      const known = this.known.get(pid);
      return known === undefined || now - known.readAtSeconds >= REREAD_SECONDS;
    });
    if (due.length === 0) return;
    this.busy = true;
    const started = performance.now();
    let message: string | undefined;
    let failure: string | undefined;
    try {
      const fresh = await this.readSmall(due, now);
      if (fresh === undefined) {
        failure = 'timeout';
        message = `${this.procfs}/<pid>/{stat,status,cgroup} did not come back in time`;
      } else {
        this.answeredAtSeconds = this.seconds();
        this.bootSeconds ??= await this.readBoot();
        await this.readCommandLines(fresh);
        await this.readMpsSettings(due, mpsClients);
      }
    } catch (error) {
      // Threads of our own can be refused: EAGAIN at the limit of tasks.
      failure = 'failed';
      message = `processes cannot be looked at: ${(error as Error).message}`;
    }
    this.busy = false;
    if (message !== undefined && message !== this.round?.message) this.warn(message);
    this.round = { durationSeconds: (performance.now() - started) / 1000, message };
    this.log.ended(this.round.durationSeconds, failure);
  }

  /**
   * Reads stat, status and cgroup. Gives those whose command line is not known yet, or undefined when they did not come
   * back in time: what was known of these processes then stays as it is. So it does of one that is there and cannot be
   * read, for want of descriptors perhaps; it is tried again in the next round.
   */
  private async readSmall(pids: readonly number[], now: number): Promise<readonly ProcessIdentity[] | undefined> {
    const files = pids.flatMap((pid) => ['stat', 'status', 'cgroup'].map((name) => `${this.procfs}/${pid}/${name}`));
    const texts = await this.read(files, SMALL_BYTES);
    if (texts === undefined) return undefined;
    const fresh: ProcessIdentity[] = [];
    const unread: number[] = [];
    for (const [index, pid] of pids.entries()) {
      const [stat, status, cgroup] = texts.slice(index * 3, index * 3 + 3).map((text) => text?.toString('utf8'));
      const parsed = stat === undefined ? undefined : parseStat(stat);
      if (parsed === undefined) {
        unread.push(pid);
        continue;
      }
      const before = this.known.get(pid)?.identity;
      const same = before?.startTicks === parsed.startTicks;
      const identity: ProcessIdentity = {
        pid,
        ...parsed,
        cgroup,
        namespacePids: status === undefined ? undefined : parseNamespacePids(status),
        commandLine: same ? before.commandLine : undefined,
        mps: same ? before.mps : undefined,
      };
      this.known.set(pid, { identity, readAtSeconds: now });
      if (!same) fresh.push(identity);
    }
    const gone = (await withLimit(Promise.all(unread.map((pid) => this.isGone(pid))), this.limitSeconds)) ?? [];
    for (const [index, pid] of unread.entries())
      if (gone[index] === true) this.known.set(pid, { identity: undefined, readAtSeconds: now });
    return fresh;
  }

  /** Whether there is no process of that pid. Takes no descriptor: at the limit of them this is known all the same. */
  private async isGone(pid: number): Promise<boolean> {
    try {
      await lstat(`${this.procfs}/${pid}`);
      return false;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ESRCH';
    }
  }

  private async readCommandLines(fresh: readonly ProcessIdentity[]): Promise<void> {
    if (fresh.length === 0) return;
    const texts = await this.read(
      fresh.map(({ pid }) => `${this.procfs}/${pid}/cmdline`),
      COMMAND_LINE_BYTES,
    );
    if (texts === undefined) return;
    for (const [index, identity] of fresh.entries()) {
      const text = texts[index]?.toString('utf8');
      const entry = this.known.get(identity.pid);
      // A kernel thread's command line is empty.
      if (text === undefined || text === '' || entry?.identity !== identity) continue;
      this.known.set(identity.pid, { ...entry, identity: { ...identity, commandLine: splitCommandLine(text) } });
    }
  }

  private async readBoot(): Promise<number | undefined> {
    const [text] = (await this.read([`${this.procfs}/stat`], BOOT_FILE_BYTES)) ?? [];
    return text === undefined ? undefined : parseBootTime(text.toString('latin1'));
  }

  /** Settings are those a process was started with: read once. */
  private async readMpsSettings(pids: readonly number[], clients: ReadonlySet<number>): Promise<void> {
    const wanted = pids.flatMap((pid) => {
      const identity = this.get(pid);
      if (identity === undefined || identity.mps !== undefined) return [];
      return clients.has(pid) || mayBeMpsServer(identity.comm) ? [identity] : [];
    });
    if (wanted.length === 0) return;
    const texts = await this.read(
      wanted.map(({ pid }) => `${this.procfs}/${pid}/environ`),
      ENVIRONMENT_BYTES,
    );
    for (const [index, identity] of wanted.entries()) {
      const text = texts?.[index]?.toString('utf8');
      const entry = this.known.get(identity.pid);
      if (text === undefined || entry?.identity !== identity) continue;
      this.known.set(identity.pid, { ...entry, identity: { ...identity, mps: mpsSettings(text) } });
    }
  }

  /** Undefined when it does not come back in time, or when so many reads hang that no further one is begun. */
  private async read(paths: readonly string[], maxBytes: number): Promise<readonly (Buffer | undefined)[] | undefined> {
    if (this.hanging >= MOST_HANGING) return undefined;
    const reading = this.addon.readFiles(paths, maxBytes);
    const texts = await withLimit(reading, this.limitSeconds);
    if (texts === undefined) {
      this.hanging++;
      void reading.then(
        () => this.hanging--,
        () => this.hanging--,
      );
    }
    return texts;
  }
}

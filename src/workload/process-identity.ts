import type { MpsSettings } from './mps.js';

/** What `/proc` says of one process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start in clock ticks since boot: with the pid it names a process for ever. */
  readonly startTicks: number;
  /** At most 15 characters, chosen by the process. */
  readonly comm: string;
  /** Text of `/proc/<pid>/cgroup`; undefined when it may not be read. */
  readonly cgroup: string | undefined;
  /** Pids from the outermost to the innermost namespace; undefined when not told. */
  readonly namespacePids: readonly number[] | undefined;
  /** Undefined while not read yet, or when reading it did not come back. */
  readonly commandLine: readonly string[] | undefined;
  /** Only read of clients of MPS and of its servers; undefined when it may not be read. */
  readonly mps?: MpsSettings | undefined;
}

/** Reads `/proc/<pid>/stat`: the name in brackets may hold anything, so fields count from the last bracket. */
export function parseStat(text: string): { readonly comm: string; readonly startTicks: number } | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  // starttime is field 22 of proc_pid_stat(5); the state, field 3, is the first after the bracket.
  const startTicks = Number(text.slice(close + 2).split(' ')[19]);
  return Number.isFinite(startTicks) ? { comm: text.slice(open + 1, close), startTicks } : undefined;
}

/** Reads the `NSpid:` line of `/proc/<pid>/status`. */
export function parseNamespacePids(status: string): readonly number[] | undefined {
  const line = /^NSpid:\s*([\d\s]+)$/m.exec(status)?.[1];
  return line?.trim().split(/\s+/).map(Number);
}

/** Reads the `btime` line of `/proc/stat`: Unix time of boot, seconds (proc_stat(5)). */
export function parseBootTime(text: string): number | undefined {
  const line = /^btime (\d+)$/m.exec(text)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** Clock ticks per second: USER_HZ, 100 on every architecture there are GPU nodes of (proc_pid_stat(5), `starttime`). */
const TICKS_PER_SECOND = 100;

/** Unix time at which a process was started. */
export function startedUnixSeconds(startTicks: number, bootUnixSeconds: number | undefined): number | undefined {
  return bootUnixSeconds === undefined ? undefined : bootUnixSeconds + startTicks / TICKS_PER_SECOND;
}

/** Threads of other processes as the real /proc shows them. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Thread {
  readonly tid: number;
  readonly name: string;
  /** Letter of its state; `D` = not even SIGKILL reaches it. */
  readonly state: string;
  /** Kernel function it sleeps in; empty when it runs. */
  readonly wchan: string;
}

/** All threads of a process; none when it is gone. */
export function threadsOf(pid: number): readonly Thread[] {
  return numbersIn(`/proc/${pid}/task`).flatMap((tid) => {
    const stat = textOf(`/proc/${pid}/task/${tid}/stat`);
    if (stat === undefined) return [];
    const nameEnd = stat.lastIndexOf(')');
    return {
      tid,
      name: stat.slice(stat.indexOf('(') + 1, nameEnd),
      state: stat[nameEnd + 2] ?? '?',
      wchan: textOf(`/proc/${pid}/task/${tid}/wchan`) ?? '',
    };
  });
}

/** Processes that a process started and that nobody has reaped. */
export function childrenOf(pid: number): readonly number[] {
  const list = textOf(`/proc/${pid}/task/${pid}/children`) ?? '';
  return list.split(' ').filter(Boolean).map(Number);
}

/** Whether nothing of it runs or sleeps any more. An orphan may stay a zombie for as long as nobody reaps it. */
export function isOver(pid: number): boolean {
  return threadsOf(pid).every(({ state }) => state === 'Z' || state === 'X');
}

/** Kernel functions in which a simulated hang sleeps: a frozen file system, a loop of naps, a silent folder. */
const HANGS = /percpu_rwsem|nanosleep|fuse|request_wait/;

/** Whether the thread sleeps in what the simulator makes a hang of. A nap of a call that only takes long looks alike. */
export function looksHung({ state, wchan }: Thread): boolean {
  return (state === 'D' || state === 'S') && HANGS.test(wchan);
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number);
  } catch {
    return []; // it ended meanwhile
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it ended meanwhile
  }
}

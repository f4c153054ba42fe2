import { withoutDeceptive } from '../model/deceptive-text.js';
import type { Workload } from '../model/workload.js';
import { type CgroupName, cgroupName } from './cgroup-name.js';
import { machineArguments } from './command-line.js';
import type { ProcessIdentity } from './process-identity.js';

/** A container of a pod as a HAMi directory names it, which the cgroup cannot tell, and the processes its file lists. */
export interface KnownContainer {
  readonly podUid: string;
  readonly container: string;
  /** Pids inside the container; `hostPid` where the file has the host's too. */
  readonly processes: readonly { readonly pid: number; readonly hostPid: number | undefined }[];
}

const LONGEST_TEXT = 128;

/** Texts that a process chose itself: cut, and without what could mislead their reader. */
export function printable(text: string): string {
  return withoutDeceptive(text.slice(0, LONGEST_TEXT), () => '?');
}

const EMPTY = {
  podUid: undefined,
  namespace: undefined,
  pod: undefined,
  container: undefined,
  vm: undefined,
  unit: undefined,
};

/** Who the process belongs to: a table from the surest sign to the weakest. One pid; join the same ids with `merge`. */
export function identify(process: ProcessIdentity, containers: readonly KnownContainer[]): Workload {
  const name = process.cgroup === undefined ? undefined : cgroupName(process.cgroup);
  const base = {
    ...EMPTY,
    pids: [process.pid],
    command: process.commandLine === undefined ? printable(process.comm) : printable(process.commandLine.join(' ')),
  };
  if (name?.kind === 'pod') return { ...base, ...podWorkload(name, process, containers) };
  if (name?.kind === 'container') {
    const id = name.containerId.slice(0, 12);
    return { ...base, id: `container-${id}`, kind: 'container', name: id, container: id, namedBy: 'cgroup' };
  }
  if (name?.kind === 'slurm') {
    return { ...base, id: `slurm-${name.jobId}`, kind: 'slurm', name: `job ${name.jobId}`, namedBy: 'cgroup' };
  }
  if (name?.kind === 'vm') {
    // Whoever may start a process may call it qemu: only below a machine's scope is its command line the node's word.
    const told = process.commandLine === undefined ? undefined : machineArguments(process.commandLine)?.name;
    const vm = printable(told ?? name.machine);
    return { ...base, id: `vm-${vm}`, kind: 'vm', name: vm, vm, namedBy: told === undefined ? 'cgroup' : 'cmdline' };
  }
  if (name?.kind === 'unit') {
    const unit = printable(name.unit);
    return { ...base, id: `unit-${unit}`, kind: 'unit', name: unit, unit, namedBy: 'cgroup' };
  }
  const id = `process-${process.pid}-${process.startTicks}`;
  return { ...base, id, kind: 'process', name: printable(process.comm), namedBy: 'proc' };
}

/**
 * The id is the cgroup's alone, so that it stays the same whatever HAMi files come and go. A directory of the same pod
 * gives the name when it is the only one whose file lists the process: a container beside it may have no directory.
 */
function podWorkload(
  name: CgroupName & { kind: 'pod' },
  process: ProcessIdentity,
  containers: readonly KnownContainer[],
): PodNames & Pick<Workload, 'id' | 'kind'> {
  const { podUid } = name;
  const listing = containers.filter((one) => one.podUid === podUid && lists(one, process));
  const id = `pod-${podUid}/${name.containerId?.slice(0, 12) ?? 'unknown'}`;
  return { id, kind: 'pod', ...podNames(id, podUid, listing.length === 1 ? listing[0]?.container : undefined) };
}

type PodNames = Pick<Workload, 'name' | 'podUid' | 'container' | 'namedBy'>;

function podNames(id: string, podUid: string, container: string | undefined): PodNames {
  return container === undefined
    ? { name: id.replace(/^pod-/, ''), podUid, container, namedBy: 'cgroup' }
    : { name: `${podUid}/${container}`, podUid, container, namedBy: 'hami' };
}

function lists({ processes }: KnownContainer, { pid, namespacePids }: ProcessIdentity): boolean {
  const inner = namespacePids?.at(-1);
  return processes.some((one) => (one.hostPid === undefined ? one.pid === inner : one.hostPid === pid));
}

/**
 * Joins workloads of the same id into one with all pids. Order of first appearance. One process may tell a name that
 * another does not; two different names for one container are no name.
 */
export function merge(workloads: readonly Workload[]): readonly Workload[] {
  const byId = new Map<string, [Workload, ...Workload[]]>();
  for (const workload of workloads) {
    const same = byId.get(workload.id);
    if (same === undefined) byId.set(workload.id, [workload]);
    else same.push(workload);
  }
  return [...byId.values()].map((same) => ({
    ...agreed(same),
    pids: [...new Set(same.flatMap(({ pids }) => pids))],
  }));
}

function agreed(same: readonly [Workload, ...Workload[]]): Workload {
  const [first] = same;
  if (first.podUid === undefined) return first;
  const names = new Set(same.flatMap(({ container }) => container ?? []));
  const [name] = names;
  return { ...first, ...podNames(first.id, first.podUid, names.size === 1 ? name : undefined) };
}

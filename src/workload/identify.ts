import { withoutDeceptive } from '../model/deceptive-text.js';
import type { Workload } from '../model/workload.js';
import { type CgroupName, cgroupName } from './cgroup-name.js';
import { machineArguments } from './command-line.js';
import type { ProcessIdentity } from './process-identity.js';

/** A container of a pod as a HAMi directory names it: what the cgroup cannot tell. */
export interface KnownContainer {
  readonly podUid: string;
  readonly container: string;
}

const LONGEST_TEXT = 128;

/** Texts that a process chose itself: cut, and without what could mislead their reader. */
function printable(text: string): string {
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
  if (name?.kind === 'pod') return { ...base, ...podWorkload(name, containers) };
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

function podWorkload(
  name: CgroupName & { kind: 'pod' },
  containers: readonly KnownContainer[],
): Pick<Workload, 'id' | 'kind' | 'name' | 'podUid' | 'container' | 'namedBy'> {
  const named = containers.filter((one) => one.podUid === name.podUid);
  // With several containers in the pod the cgroup's container id cannot be told apart by a directory's name.
  const container = named.length === 1 ? named[0]?.container : undefined;
  const part = container ?? name.containerId?.slice(0, 12) ?? 'unknown';
  return {
    id: `pod-${name.podUid}/${part}`,
    kind: 'pod',
    name: `${name.podUid}/${part}`,
    podUid: name.podUid,
    container,
    namedBy: container === undefined ? 'cgroup' : 'hami',
  };
}

/** Joins workloads of the same id into one with all pids. Order of first appearance. */
export function merge(workloads: readonly Workload[]): readonly Workload[] {
  const byId = new Map<string, Workload>();
  for (const workload of workloads) {
    const before = byId.get(workload.id);
    const pids = before === undefined ? workload.pids : [...new Set([...before.pids, ...workload.pids])];
    byId.set(workload.id, { ...(before ?? workload), pids });
  }
  return [...byId.values()];
}

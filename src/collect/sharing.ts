import type { Gpu, GpuProcess } from '../model/gpu.js';
import type { Partition } from '../model/partition.js';
import { listsTell } from '../model/process-lists.js';
import { memoryOfAll } from '../model/process-memory.js';
import { smRatioOfAll } from '../model/process-use.js';
import type { Workload } from '../model/workload.js';
import { isMpsServer, mpsLimitRatio } from '../workload/mps.js';
import type { ProcessIdentity } from '../workload/process-identity.js';

/** Who runs as a pid, where known. */
export type WorkloadOf = (pid: number) => Workload | undefined;

/** What the parts of a GPU are joined with. */
export interface SharingContext {
  readonly workloadOf: WorkloadOf;
  readonly identityOf: (pid: number) => ProcessIdentity | undefined;
  /** Workloads that hold a HAMi share of this GPU: that is their part of it. */
  readonly shareHolders: ReadonlySet<string>;
}

/** Where several may run beside each other: a GPU or one of its MIG instances. */
export interface Place {
  readonly gpu: Gpu;
  /** Id of its own partition. */
  readonly partition: string;
  readonly migUuid: string | undefined;
  /** The driver's entries that are there. */
  readonly processes: readonly GpuProcess[];
}

/**
 * Workloads that somebody gave a device to, by their cgroup. Units and bare processes (a desktop, a monitor) are on a
 * GPU because nobody keeps them off it.
 */
const GIVEN: ReadonlySet<Workload['kind']> = new Set(['pod', 'container', 'slurm']);

/**
 * Parts of a place that nobody cut: one for each workload that has clients of an MPS server there, and one for each of
 * several workloads that take turns on it. The driver's lists tell both; what a client may use at most, only its
 * environment and the server's say. Who was given a replica (`<id>::<n>`) and runs nothing is not seen here.
 */
export function sharedPartitions(place: Place, context: SharingContext): readonly Partition[] {
  const clients = new Set(place.processes.filter(({ type }) => type === 'mps').map(({ pid }) => pid));
  const connected = byWorkload(place.processes, (pid) => clients.has(pid), context);
  const others = byWorkload(place.processes, (pid) => !clients.has(pid), context);
  const servers = place.processes.flatMap(({ pid }) => {
    const identity = context.identityOf(pid);
    return identity !== undefined && isMpsServer(identity) ? (identity.mps ?? []) : [];
  });
  const turns = others.filter(({ workload }) => GIVEN.has(workload.kind) && !context.shareHolders.has(workload.id));
  return [
    ...connected.map(({ workload, processes }) => ({
      ...part(place, 'mps', workload, processes),
      smLimitRatio: limitOfAll(processes.map(({ pid }) => mpsLimitRatio(context.identityOf(pid)?.mps, servers))),
    })),
    ...(turns.length < 2 ? [] : turns.map(({ workload, processes }) => part(place, 'timeslice', workload, processes))),
  ];
}

interface Guest {
  readonly workload: Workload;
  readonly processes: readonly GpuProcess[];
}

function byWorkload(
  processes: readonly GpuProcess[],
  wanted: (pid: number) => boolean,
  { workloadOf }: SharingContext,
): readonly Guest[] {
  const byId = new Map<string, Guest>();
  for (const process of processes) {
    const workload = wanted(process.pid) ? workloadOf(process.pid) : undefined;
    if (workload === undefined) continue;
    const before = byId.get(workload.id)?.processes ?? [];
    byId.set(workload.id, { workload, processes: [...before, process] });
  }
  return [...byId.values()];
}

function part(
  { gpu, partition, migUuid }: Place,
  kind: 'mps' | 'timeslice',
  workload: Workload,
  processes: readonly GpuProcess[],
): Partition {
  const pids = processes.map(({ pid }) => pid);
  return {
    id: `${partition}/${kind}/${workload.id}`,
    kind,
    gpuUuid: gpu.uuid,
    gpuIndex: gpu.index,
    pciBusId: gpu.pciBusId,
    migUuid,
    profile: undefined,
    // Both ways of sharing leave all memory to everybody.
    memoryTotalBytes: undefined,
    memoryUsedBytes: listsTell(gpu) ? memoryOfAll(processes) : undefined,
    smLimitRatio: undefined,
    // The driver samples no process in MIG mode.
    utilizationRatio: migUuid === undefined ? smRatioOfAll(gpu, pids) : undefined,
    allocated: true,
    workloads: [workload.id],
    share: undefined,
  };
}

/** Of several processes, which may run at the same time. Undefined when one of them has no limit. */
function limitOfAll(ratios: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const ratio of ratios) {
    if (ratio === undefined) return undefined;
    sum += ratio;
  }
  return Math.min(1, sum);
}

import type { GpuProcess, ProcessUse } from './gpu.js';
import { isPartOf } from './gpu-users.js';
import type { NodeProcess } from './process.js';
import { type SampledGpu, smRatioOf } from './process-use.js';
import type { Workload } from './workload.js';

/** What a process does with a GPU: kinds of work the driver lists it for, or that it holds the function through VFIO. */
export type ProcessType = GpuProcess['type'] | 'vfio';

/** A process on one GPU, or in one of its MIG instances, with everything that is known of it. */
export interface ProcessOnGpu {
  readonly pid: number;
  /** Undefined when the process may not be looked at, or is gone. */
  readonly name: string | undefined;
  readonly startedUnixSeconds: number | undefined;
  readonly gpuUuid: string | undefined;
  /** Undefined for a function that NVML does not see. */
  readonly gpuIndex: number | undefined;
  readonly pciBusId: string | undefined;
  /** Kinds of work, each once, sorted. */
  readonly types: readonly ProcessType[];
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  /** UUID of the MIG instance it runs in. */
  readonly migUuid: string | undefined;
  /** Ids of the partitions it uses. */
  readonly partitions: readonly string[];
  /** Bytes of device memory; undefined where the driver does not know, and for VFIO. */
  readonly usedMemoryBytes: number | undefined;
  /** Share of the time in which it had kernels on the GPU, 0–1: none where its use is not told; see `smRatioOf`. */
  readonly smRatio: number | undefined;
  /** What it used of the GPU's engines in the driver's newest sample of it; undefined where there is no sample. */
  readonly use: Omit<ProcessUse, 'pid'> | undefined;
  /** Who it belongs to; `namedBy` says where the name comes from. */
  readonly workload: Pick<Workload, 'id' | 'kind' | 'name' | 'namedBy'> | undefined;
}

/** The same type with its undefined keys missing: documents and the model both fit. */
type Loose<T> = { readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: T[Key] | undefined;
};

interface LooseGpu extends SampledGpu {
  readonly index: number;
  readonly uuid?: string | undefined;
  readonly pciBusId?: string | undefined;
  readonly processes: readonly Loose<GpuProcess>[];
  readonly processUses: readonly Loose<ProcessUse>[];
  readonly migInstances: readonly {
    readonly uuid: string;
    readonly gpuInstance?: number | undefined;
    readonly computeInstance?: number | undefined;
  }[];
}

interface LoosePartition {
  readonly id: string;
  readonly kind: string;
  readonly gpuUuid?: string | undefined;
  readonly gpuIndex?: number | undefined;
  readonly pciBusId?: string | undefined;
  readonly workloads: readonly string[];
  readonly share?: { readonly processes: readonly { readonly hostPid?: number | undefined }[] } | undefined;
}

/** As much of a node as says what runs on it. */
export interface NodeOfProcesses {
  readonly gpus: readonly LooseGpu[];
  readonly partitions: readonly LoosePartition[];
  readonly workloads: readonly (Pick<Workload, 'id' | 'kind' | 'name' | 'namedBy'> & {
    readonly pids: readonly number[];
  })[];
  readonly processes: readonly Loose<NodeProcess>[];
}

/**
 * All processes on the node's GPUs, by GPU, then by pid. The driver lists a process once for each kind of work; here it
 * stands once for each GPU and MIG instance, and its memory is counted once (both lists say the same number).
 */
export function processesOf(node: NodeOfProcesses): readonly ProcessOnGpu[] {
  const workloadOf = new Map(
    node.workloads.flatMap(({ id, kind, name, namedBy, pids }) =>
      pids.map((pid) => [pid, { id, kind, name, namedBy }] as const),
    ),
  );
  const identityOf = new Map(node.processes.map((one) => [one.pid, one]));
  const who = (pid: number) => ({
    pid,
    name: identityOf.get(pid)?.name,
    startedUnixSeconds: identityOf.get(pid)?.startedUnixSeconds,
    workload: workloadOf.get(pid),
  });
  return [
    ...node.gpus.flatMap((gpu) => {
      const parts = node.partitions.filter((partition) => isPartOf(partition, gpu));
      return placesOf(gpu).map((same) => onGpu(same, gpu, parts, who));
    }),
    ...behindVfio(node, who),
  ];
}

type Who = (pid: number) => Pick<ProcessOnGpu, 'pid' | 'name' | 'startedUnixSeconds' | 'workload'>;
type Entries = readonly [Loose<GpuProcess>, ...Loose<GpuProcess>[]];

/** Entries of the driver's lists that are one process in one place, by pid. */
function placesOf({ processes }: LooseGpu): readonly Entries[] {
  const byPlace = new Map<string, [Loose<GpuProcess>, ...Loose<GpuProcess>[]]>();
  for (const process of processes) {
    const place = `${process.pid} ${process.gpuInstance} ${process.computeInstance}`;
    const same = byPlace.get(place);
    if (same === undefined) byPlace.set(place, [process]);
    else same.push(process);
  }
  return [...byPlace.values()].sort(
    ([a], [b]) =>
      a.pid - b.pid ||
      (a.gpuInstance ?? -1) - (b.gpuInstance ?? -1) ||
      (a.computeInstance ?? -1) - (b.computeInstance ?? -1),
  );
}

function onGpu(same: Entries, gpu: LooseGpu, parts: readonly LoosePartition[], who: Who): ProcessOnGpu {
  const [{ pid, gpuInstance, computeInstance }] = same;
  const told = who(pid);
  const instance = gpu.migInstances.find(
    (one) => gpuInstance !== undefined && one.gpuInstance === gpuInstance && one.computeInstance === computeInstance,
  );
  const sizes = same.flatMap(({ usedMemoryBytes }) => usedMemoryBytes ?? []);
  const use = gpu.processUses.find((one) => one.pid === pid);
  return {
    ...told,
    gpuUuid: gpu.uuid,
    gpuIndex: gpu.index,
    pciBusId: gpu.pciBusId,
    types: [...new Set(same.map(({ type }) => type))].sort(),
    gpuInstance,
    computeInstance,
    migUuid: instance?.uuid,
    partitions: parts
      .filter((partition) => isUsedBy(partition, pid, told.workload?.id, instance?.uuid))
      .map(({ id }) => id),
    usedMemoryBytes: sizes.length === 0 ? undefined : Math.max(...sizes),
    smRatio: smRatioOf(gpu, pid),
    use: use === undefined ? undefined : useOf(use),
  };
}

function isUsedBy(
  { id, kind, workloads, share }: LoosePartition,
  pid: number,
  workload: string | undefined,
  migUuid: string | undefined,
): boolean {
  if (kind === 'mig') return id === migUuid;
  if (kind === 'whole') return true;
  if (share?.processes.some(({ hostPid }) => hostPid === pid) === true) return true;
  return workload !== undefined && workloads.includes(workload);
}

function useOf(use: Loose<ProcessUse>): Omit<ProcessUse, 'pid'> {
  const { sampledUnixSeconds, smRatio, memoryRatio, encoderRatio, decoderRatio, jpegRatio, ofaRatio } = use;
  return { sampledUnixSeconds, smRatio, memoryRatio, encoderRatio, decoderRatio, jpegRatio, ofaRatio };
}

/** Virtual machines and others that hold a function the driver does not see. */
function behindVfio({ partitions, workloads }: NodeOfProcesses, who: Who): readonly ProcessOnGpu[] {
  return partitions
    .filter(({ kind }) => kind === 'passthrough')
    .flatMap((partition) =>
      workloads
        .filter(({ id }) => partition.workloads.includes(id))
        .flatMap(({ pids }) => pids)
        .sort((a, b) => a - b)
        .map((pid) => ({
          ...who(pid),
          gpuUuid: partition.gpuUuid,
          gpuIndex: partition.gpuIndex,
          pciBusId: partition.pciBusId,
          types: ['vfio' as const],
          gpuInstance: undefined,
          computeInstance: undefined,
          migUuid: undefined,
          partitions: [partition.id],
          usedMemoryBytes: undefined,
          smRatio: undefined,
          use: undefined,
        })),
    );
}

import { type Gpu, type GpuProcess, type MigInstance, placesKnown } from '../model/gpu.js';
import type { Partition } from '../model/partition.js';
import type { PciFunction } from '../model/pci.js';
import { hidesGuests, listsTell } from '../model/process-lists.js';
import { type SharingContext, sharedPartitions, type WorkloadOf } from './sharing.js';

/**
 * The whole GPU, or its MIG instances when it is divided, and behind each the parts of it that workloads share by time
 * or through MPS. A GPU in MIG mode without instances has nothing to give, and of one that never said whether it is
 * divided nobody knows what there is to give.
 */
export function gpuPartitions(gpu: Gpu, context: SharingContext): readonly Partition[] {
  const divided = isDivided(gpu);
  if (divided === undefined) return [];
  return divided
    ? gpu.migInstances.flatMap((instance) => migPartitions(gpu, instance, context))
    : wholePartitions(gpu, context);
}

/** What GPUs and drivers without MIG answer, and drivers older than MIG: such a GPU is whole. */
const WITHOUT_MIG: ReadonlySet<string> = new Set(['not_supported', 'function_not_found', 'symbol_missing']);

function isDivided(gpu: Gpu): boolean | undefined {
  if (gpu.migInstances.length > 0) return true;
  const mode = gpu.readings.get('mig_mode_enabled');
  if (mode !== undefined) return mode === 1;
  return WITHOUT_MIG.has(gpu.readings.absence('mig_mode_enabled') ?? '') ? false : undefined;
}

/** A partition and its parts. Who has a part of it is there, and not on the whole beside it. */
function withParts(
  whole: Partition,
  parts: readonly Partition[],
  elsewhere: ReadonlySet<string>,
): readonly Partition[] {
  const placed = new Set([...elsewhere, ...parts.flatMap(({ workloads }) => workloads)]);
  return [{ ...whole, workloads: whole.workloads.filter((id) => !placed.has(id)) }, ...parts];
}

function wholePartitions(gpu: Gpu, context: SharingContext): readonly Partition[] {
  const id = gpu.uuid ?? `gpu-${gpu.index}`;
  const place = { gpu, partition: id, migUuid: undefined, processes: gpu.processes };
  return withParts(wholePartition(gpu, id, context.workloadOf), sharedPartitions(place, context), context.shareHolders);
}

function migPartitions(gpu: Gpu, instance: MigInstance, context: SharingContext): readonly Partition[] {
  const whole = migPartition(gpu, instance, context.workloadOf);
  const place = { gpu, partition: whole.id, migUuid: whole.migUuid, processes: processesIn(gpu, instance) };
  return withParts(whole, sharedPartitions(place, context), context.shareHolders);
}

function processesIn(gpu: Gpu, instance: MigInstance): readonly GpuProcess[] {
  return gpu.processes.filter(
    (process) =>
      process.gpuInstance !== undefined &&
      process.gpuInstance === instance.gpuInstance &&
      process.computeInstance === instance.computeInstance,
  );
}

function wholePartition(gpu: Gpu, id: string, workloadOf: WorkloadOf): Partition {
  return {
    id,
    kind: 'whole',
    gpuUuid: gpu.uuid,
    gpuIndex: gpu.index,
    pciBusId: gpu.pciBusId,
    migUuid: undefined,
    profile: undefined,
    memoryTotalBytes: gpu.readings.get('memory_total_bytes'),
    memoryUsedBytes: gpu.readings.get('memory_used_bytes'),
    smLimitRatio: undefined,
    utilizationRatio: gpu.readings.get('utilization_ratio'),
    ...heldBy(gpu, gpu.processes, workloadOf),
    share: undefined,
  };
}

function migPartition(gpu: Gpu, instance: MigInstance, workloadOf: WorkloadOf): Partition {
  const inside = processesIn(gpu, instance);
  return {
    id: instance.uuid === '' ? `${gpu.uuid ?? `gpu-${gpu.index}`}/mig-${instance.migIndex}` : instance.uuid,
    kind: 'mig',
    gpuUuid: gpu.uuid,
    gpuIndex: gpu.index,
    pciBusId: gpu.pciBusId,
    migUuid: instance.uuid === '' ? undefined : instance.uuid,
    profile: instance.profile,
    memoryTotalBytes: instance.readings.get('memory_total_bytes'),
    memoryUsedBytes: instance.readings.get('memory_used_bytes'),
    smLimitRatio: multiprocessorRatio(gpu, instance),
    utilizationRatio: activityOf(gpu, instance),
    ...heldBy(gpu, inside, workloadOf),
    // A process of which the driver does not say where it is may be in this instance.
    ...(inside.length === 0 && !placesKnown(gpu.processes) ? { allocated: undefined } : {}),
    share: undefined,
  };
}

/**
 * NVML has no utilisation of an instance, and the parent's is not its own. On Hopper and newer GPM measures the activity
 * of a GPU instance: it is that of its compute instance when it has one alone.
 */
function activityOf(gpu: Gpu, { gpuInstance, readings }: MigInstance): number | undefined {
  const beside = gpu.migInstances.filter((instance) => instance.gpuInstance === gpuInstance);
  return gpuInstance !== undefined && beside.length === 1 ? readings.get('graphics_activity_ratio') : undefined;
}

function heldBy(
  gpu: Gpu,
  processes: readonly GpuProcess[],
  workloadOf: WorkloadOf,
): Pick<Partition, 'allocated' | 'workloads'> {
  const workloads = [...new Set(processes.flatMap(({ pid }) => workloadOf(pid)?.id ?? []))];
  if (processes.length > 0) return { allocated: true, workloads };
  return { allocated: listsTell(gpu) && !hidesGuests(gpu) ? false : undefined, workloads };
}

/** CUDA cores per multiprocessor by compute capability (CUDA C++ Programming Guide, "Compute Capabilities"). */
function coresPerMultiprocessor(major: number, minor: number): number | undefined {
  if (major === 7 || (major === 8 && minor === 0)) return 64;
  if (major >= 8 && major <= 12) return 128;
  return undefined;
}

function multiprocessorRatio(gpu: Gpu, instance: MigInstance): number | undefined {
  const cores = gpu.readings.get('cuda_cores');
  const major = gpu.readings.get('compute_capability_major');
  const minor = gpu.readings.get('compute_capability_minor');
  const multiprocessors = instance.readings.get('multiprocessors');
  if (multiprocessors === undefined || cores === undefined || major === undefined || minor === undefined)
    return undefined;
  const perMultiprocessor = coresPerMultiprocessor(major, minor);
  if (perMultiprocessor === undefined || cores === 0) return undefined;
  return Math.min(1, (multiprocessors * perMultiprocessor) / cores);
}

/**
 * Functions bound to vfio-pci: given away as they are, invisible to NVML. `holdersOf` gives the pids with an open VFIO
 * handle on it; undefined = nobody looked.
 */
export function passthroughPartitions(
  functions: readonly PciFunction[],
  holdersOf: (busId: string) => readonly number[] | undefined,
  workloadOf: WorkloadOf,
): readonly Partition[] {
  return functions
    .filter(({ driver }) => driver === 'vfio-pci')
    .map(({ busId }) => {
      const holders = holdersOf(busId);
      return {
        id: `pci-${busId}`,
        kind: 'passthrough',
        gpuUuid: undefined,
        gpuIndex: undefined,
        pciBusId: busId,
        migUuid: undefined,
        profile: undefined,
        memoryTotalBytes: undefined,
        memoryUsedBytes: undefined,
        smLimitRatio: undefined,
        utilizationRatio: undefined,
        allocated: holders === undefined ? undefined : holders.length > 0,
        workloads: [...new Set((holders ?? []).flatMap((pid) => workloadOf(pid)?.id ?? []))],
        share: undefined,
      };
    });
}

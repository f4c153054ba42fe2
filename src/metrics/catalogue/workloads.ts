import type { Gpu, GpuProcess } from '../../model/gpu.js';
import type { Partition } from '../../model/partition.js';
import { listsTell } from '../../model/process-lists.js';
import { memoryByPid, memoryOfAll } from '../../model/process-memory.js';
import { smRatioOf, smRatioOfAll } from '../../model/process-use.js';
import type { Workload } from '../../model/workload.js';
import { familiesOf, one, type Scene, type Subject } from '../family.js';
import { workloads as everybody, partitionOrder } from '../subjects.js';
import { NOT_TOLD } from './workload-use.js';

/** A workload on a partition, and its processes there. */
interface PlacedRow {
  readonly partition: Partition;
  readonly gpu: Gpu | undefined;
  readonly workload: Workload;
  /** Undefined when one of the driver's lists is not there or was cut off, or the workload's processes are not known. */
  readonly processes: readonly GpuProcess[] | undefined;
}

/** The driver's processes on a partition; undefined where the driver does not tell all of them. */
function processesOn(partition: Partition, gpu: Gpu | undefined): readonly GpuProcess[] | undefined {
  if (gpu === undefined || !listsTell(gpu)) return undefined;
  // A virtual machine's processes are inside it: the host's list says nothing about it.
  if (partition.kind === 'vgpu' || partition.kind === 'passthrough') return undefined;
  if (partition.kind === 'mig' && partition.migUuid === undefined) return undefined;
  if (partition.migUuid === undefined) return gpu.processes;
  const instance = gpu.migInstances.find(({ uuid }) => uuid === partition.migUuid);
  if (instance?.gpuInstance === undefined) return undefined;
  return gpu.processes.filter(
    (process) => process.gpuInstance === instance.gpuInstance && process.computeInstance === instance.computeInstance,
  );
}

function rows({ state }: Scene): readonly PlacedRow[] {
  const byId = new Map(state.workloads.map((workload) => [workload.id, workload]));
  const byUuid = new Map(state.gpus.map((gpu) => [gpu.uuid, gpu]));
  const placed: PlacedRow[] = [];
  for (const partition of state.partitions) {
    if (partition.workloads.length === 0) continue;
    const gpu = partition.gpuUuid === undefined ? undefined : byUuid.get(partition.gpuUuid);
    const present = processesOn(partition, gpu);
    for (const id of partition.workloads) {
      const workload = byId.get(id);
      if (workload === undefined) continue;
      // Somebody known by name alone (a container HAMi told of) may still run there: no process is not known of him.
      const processes =
        workload.pids.length === 0 ? undefined : present?.filter(({ pid }) => workload.pids.includes(pid));
      placed.push({ partition, gpu, workload, processes });
    }
  }
  return placed;
}

/** Every workload on every partition it is on. */
const placements: Subject<PlacedRow> = {
  name: 'workload on a partition',
  labelNames: ['uuid', 'gpu', 'workload', 'partition'],
  rows,
  key: ({ partition, workload }) => `${partition.id} ${workload.id}`,
  order: ({ partition, workload }) => `${partitionOrder(partition)} ${workload.id}`,
  labels: ({ partition, workload }) => ({
    uuid: partition.gpuUuid,
    gpu: partition.gpuIndex,
    workload: workload.id,
    partition: partition.id,
  }),
};

function usedBytes({ processes }: PlacedRow): number | undefined {
  return processes === undefined || processes.length === 0 ? undefined : memoryOfAll(processes);
}

function utilizationRatio({ gpu, partition, processes }: PlacedRow): number | undefined {
  // The driver samples no process in MIG mode.
  if (gpu === undefined || partition.migUuid !== undefined || processes === undefined || processes.length === 0) {
    return undefined;
  }
  return smRatioOfAll(
    gpu,
    processes.map(({ pid }) => pid),
  );
}

interface ProcessRow {
  readonly gpu: Gpu;
  readonly process: GpuProcess;
  /** As the process calls itself; undefined while it is not known. */
  readonly name: string | undefined;
  readonly workload: string | undefined;
}

/** Processes shown per GPU: those with most memory. */
const PROCESSES_PER_GPU = 50;

function processRows({ state }: Scene): readonly ProcessRow[] {
  const owner = new Map(state.workloads.flatMap(({ id, pids }) => pids.map((pid) => [pid, id] as const)));
  const names = new Map(state.processes.map(({ pid, name }) => [pid, name] as const));
  return state.gpus.flatMap((gpu) => {
    if (gpu.condition !== 'up') return [];
    return [...gpu.processes]
      .sort((a, b) => (b.usedMemoryBytes ?? 0) - (a.usedMemoryBytes ?? 0) || a.pid - b.pid)
      .slice(0, PROCESSES_PER_GPU)
      .map((process) => ({ gpu, process, name: names.get(process.pid), workload: owner.get(process.pid) }));
  });
}

function processKey({ gpu, process, name, workload }: ProcessRow): string {
  return `${String(gpu.index).padStart(6, '0')} ${String(process.pid).padStart(10, '0')} ${process.type} ${process.gpuInstance ?? ''} ${process.computeInstance ?? ''} ${workload ?? ''} ${name ?? ''}`;
}

const entries: Subject<ProcessRow> = {
  name: 'entry of the process list',
  labelNames: ['uuid', 'gpu', 'pid', 'process', 'type', 'workload'],
  rows: processRows,
  key: processKey,
  labels: ({ gpu, process, name, workload }) => ({
    uuid: gpu.uuid,
    gpu: gpu.index,
    pid: process.pid,
    process: name,
    type: process.type,
    workload,
  }),
};

/** The same, each process once. */
const processes: Subject<ProcessRow> = {
  name: 'process on a GPU',
  labelNames: ['uuid', 'gpu', 'pid', 'process', 'workload'],
  rows: (scene) => {
    const seen = new Set<string>();
    return processRows(scene).filter(({ gpu, process }) => {
      const id = `${gpu.index} ${process.pid}`;
      return !seen.has(id) && seen.add(id);
    });
  },
  key: processKey,
  labels: ({ gpu, process, name, workload }) => ({
    uuid: gpu.uuid,
    gpu: gpu.index,
    pid: process.pid,
    process: name,
    workload,
  }),
};

/** Who runs on GPUs: names on one series per workload, numbers beside ids. */
export const workloads = [
  ...familiesOf(everybody, [
    {
      name: 'gpu_workload_info',
      type: 'info',
      help: 'Names of the workload, value 1',
      origin: 'cgroups, HAMi directories, command lines, procfs',
      labelNames: ['name', 'namespace', 'pod', 'container', 'vm', 'unit', 'named_by'],
      series: (workload) => [
        {
          labels: {
            name: workload.name,
            namespace: workload.namespace,
            pod: workload.pod,
            container: workload.container,
            vm: workload.vm,
            unit: workload.unit,
            named_by: workload.namedBy,
          },
          value: one,
        },
      ],
    },
  ]),
  ...familiesOf(placements, [
    {
      name: 'gpu_workload_memory_used_bytes',
      type: 'gauge',
      help: "Device memory of the workload's processes on the partition; absent when the driver does not know one of them",
      origin: 'NVML process lists',
      series: [{ value: usedBytes }],
    },
    {
      name: 'gpu_workload_utilization_ratio',
      type: 'gauge',
      help: "Share of the time in which the workload's processes had kernels on the partition, 1 at most; absent on MIG, in virtual machines and when the driver does not know one of the processes",
      origin: 'nvmlDeviceGetProcessesUtilizationInfo, nvmlDeviceGetProcessUtilization',
      needs: NOT_TOLD,
      series: [{ value: utilizationRatio }],
    },
    {
      name: 'gpu_workload_processes',
      type: 'gauge',
      help: 'Processes of the workload on the partition',
      origin: 'NVML process lists',
      series: [{ value: (row) => (row.processes === undefined ? undefined : memoryByPid(row.processes).size) }],
    },
  ]),
  ...familiesOf(entries, [
    {
      name: 'gpu_process_memory_used_bytes',
      type: 'gauge',
      help: `Device memory of a process, for the ${PROCESSES_PER_GPU} with most of it on each GPU`,
      origin: 'NVML process lists',
      optIn: true,
      series: [{ value: ({ process }) => process.usedMemoryBytes }],
    },
  ]),
  ...familiesOf(processes, [
    {
      name: 'gpu_process_utilization_ratio',
      type: 'gauge',
      help: `Share of the time in which a process had kernels on the GPU, for the ${PROCESSES_PER_GPU} with most memory on each GPU`,
      origin: 'nvmlDeviceGetProcessesUtilizationInfo, nvmlDeviceGetProcessUtilization',
      needs: NOT_TOLD,
      optIn: true,
      series: [{ value: ({ gpu, process }) => smRatioOf(gpu, process.pid) }],
    },
  ]),
];

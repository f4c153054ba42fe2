import type { GpuView, NodeView, PartitionView } from '../http/documents/node.js';

/** What a GPU is called in a sentence. */
export function gpuLabel(gpu: { readonly index?: number; readonly uuid?: string; readonly pciBusId?: string }): string {
  return gpu.index === undefined ? (gpu.uuid ?? gpu.pciBusId ?? 'GPU') : `GPU ${gpu.index}`;
}

/** The model without the maker's name, which every line would repeat. */
export function shortName(gpu: GpuView): string | undefined {
  return gpu.name?.replace(/^NVIDIA\s+/, '');
}

/** Who is on a GPU, by the names people use: workloads of its partitions, then of its processes. */
export function usersOf(node: NodeView, gpu: GpuView): string[] {
  const pids = new Set(gpu.processes.map(({ pid }) => pid));
  const ids = new Set(partitionsOf(node, gpu).flatMap(({ workloads }) => workloads));
  const users = node.workloads.filter((workload) => ids.has(workload.id) || workload.pids.some((pid) => pids.has(pid)));
  const named = new Set(users.flatMap((workload) => workload.pids));
  const unnamed = [...pids].filter((pid) => !named.has(pid)).map((pid) => `pid ${pid}`);
  return [...users.map(({ name }) => name), ...unnamed];
}

/** Partitions of a GPU. */
export function partitionsOf(node: NodeView, gpu: GpuView): PartitionView[] {
  return node.partitions.filter(
    (partition) =>
      (gpu.uuid !== undefined && partition.gpuUuid === gpu.uuid) ||
      (partition.gpuUuid === undefined && partition.gpuIndex === gpu.index),
  );
}

/** As much of a node, or of its document, as says what the driver is. */
export interface DriverFacts {
  readonly driver: {
    readonly state: NodeView['driver']['state'];
    readonly driverVersion?: string | undefined;
    readonly cudaVersion?: string | undefined;
  };
  readonly gpus: readonly unknown[];
}

/** The driver in a few words. */
export function driverText({ driver, gpus }: DriverFacts): string {
  const count = `${gpus.length} GPU${gpus.length === 1 ? '' : 's'}`;
  switch (driver.state) {
    case 'initialized': {
      const cuda = driver.cudaVersion === undefined ? [] : [`CUDA ${driver.cudaVersion}`];
      return [`driver ${driver.driverVersion ?? 'of unknown version'}`, ...cuda, count].join(' · ');
    }
    case 'starting':
      return 'the driver is being asked for the first time';
    case 'library_missing':
      return 'no NVIDIA driver: its library is not there';
    case 'not_loaded':
      return 'the NVIDIA library is there, the kernel driver is not loaded';
    case 'mismatch':
      return 'library and kernel driver are of different versions';
    case 'failed':
      return 'the driver refused to start';
    case 'unused':
      return 'reading through NVML is switched off';
  }
}

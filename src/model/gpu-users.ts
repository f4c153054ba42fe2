/** As much of a node as says who is on a GPU; documents and the model both fit. */
export interface NodeUsers {
  readonly partitions: readonly {
    readonly gpuUuid?: string | undefined;
    readonly gpuIndex?: number | undefined;
    readonly workloads: readonly string[];
  }[];
  readonly workloads: readonly { readonly id: string; readonly name: string; readonly pids: readonly number[] }[];
}

/** As much of a GPU as tells it from the others, and its processes. */
export interface UsedGpu {
  readonly index: number;
  readonly uuid?: string | undefined;
  readonly processes: readonly { readonly pid: number }[];
}

/** Whether a partition is of the GPU: by UUID where it has one, else by index. */
export function isPartOf(
  partition: Pick<NodeUsers['partitions'][number], 'gpuUuid' | 'gpuIndex'>,
  { index, uuid }: Pick<UsedGpu, 'index' | 'uuid'>,
): boolean {
  return partition.gpuUuid === undefined ? partition.gpuIndex === index : partition.gpuUuid === uuid;
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Who is on a GPU, by the names people use: workloads of its partitions and processes, then pids without a name.
 * `elsewhere`: ids of workloads that are named at another place and so not here.
 */
export function usersOf(node: NodeUsers, gpu: UsedGpu, elsewhere: ReadonlySet<string> = NOBODY): string[] {
  const pids = new Set(gpu.processes.map(({ pid }) => pid));
  const ids = new Set(
    node.partitions.filter((partition) => isPartOf(partition, gpu)).flatMap(({ workloads }) => workloads),
  );
  const users = node.workloads.filter((workload) => ids.has(workload.id) || workload.pids.some((pid) => pids.has(pid)));
  const named = new Set(users.flatMap((workload) => workload.pids));
  const unnamed = [...pids].filter((pid) => !named.has(pid)).map((pid) => `pid ${pid}`);
  return [...users.filter(({ id }) => !elsewhere.has(id)).map(({ name }) => name), ...unnamed];
}

import type { Gpu } from '../model/gpu.js';
import type { HamiSweep } from '../model/node-state.js';
import type { Partition } from '../model/partition.js';
import { listsTell } from '../model/process-lists.js';
import type { Workload } from '../model/workload.js';
import type { HamiContainer, HamiSnapshot } from '../native/addon.js';
import type { ProcessIdentity } from '../workload/process-identity.js';

/** What the shares are joined with. */
export interface ShareContext {
  readonly gpus: readonly Gpu[];
  /** Whether the inventory is complete: then a UUID that is not in it is an invention. */
  readonly inventoryKnown: boolean;
  readonly identityOf: (pid: number) => ProcessIdentity | undefined;
  readonly workloadOf: (pid: number) => Workload | undefined;
}

type HamiDevice = HamiContainer['devices'][number];

const BLOCKED = -1;

/** The sweep as the node state shows it: what was found and what was refused, by stable reason. */
export function hamiSweep(snapshot: HamiSnapshot): HamiSweep {
  // States every healthy container passes through are no refusals.
  const refused = snapshot.containers.filter((one) => one.refusal !== '' && !one.ordinary);
  const refusedByReason: Record<string, number> = {};
  for (const { refusal } of refused) refusedByReason[refusal] = (refusedByReason[refusal] ?? 0) + 1;
  return {
    directories: snapshot.containers.length,
    files: snapshot.containers.filter((one) => one.refusal === '').length,
    refused: refused.map((one) => ({
      directory: one.podUid === '' ? one.container : `${one.podUid}_${one.container}`,
      reason: one.refusal,
    })),
    refusedByReason,
    truncated: snapshot.truncated,
  };
}

/** One partition per container and GPU it uses. GPUs that are not in the inventory are left out. */
export function sharePartitions(snapshot: HamiSnapshot, context: ShareContext): readonly Partition[] {
  const byId = new Map<string, Partition>();
  for (const container of snapshot.containers) {
    if (container.refusal !== '') continue;
    for (const device of container.devices) {
      const gpu = gpuOfUuid(device.uuid, context.gpus);
      if (gpu === undefined && context.inventoryKnown) continue;
      const partition = shareOf(container, device, gpu, context);
      // The same container below two roots, or a UUID written twice: the first counts.
      if (!byId.has(partition.id)) byId.set(partition.id, partition);
    }
  }
  return [...byId.values()];
}

function gpuOfUuid(uuid: string, gpus: readonly Gpu[]): Gpu | undefined {
  return gpus.find((gpu) => gpu.uuid === uuid || gpu.migInstances.some((instance) => instance.uuid === uuid));
}

function shareOf(container: HamiContainer, device: HamiDevice, gpu: Gpu | undefined, context: ShareContext): Partition {
  const { podUid, container: name } = container;
  const processes = processesOf(container, gpu, context);
  const reported = (bytes: number) => (device.plausible ? bytes : undefined);
  const actualBytes = gpu !== undefined && listsTell(gpu) ? sumOfMemory(processes) : undefined;
  const workloads = [...new Set(processes.flatMap(({ pid }) => context.workloadOf(pid)?.id ?? []))];
  return {
    id: `${device.uuid}/${podUid}/${name}`,
    kind: 'share',
    gpuUuid: gpu?.uuid ?? device.uuid,
    gpuIndex: gpu?.index,
    pciBusId: gpu?.pciBusId,
    migUuid: gpu?.migInstances.some(({ uuid }) => uuid === device.uuid) === true ? device.uuid : undefined,
    profile: undefined,
    memoryTotalBytes: device.memoryLimited ? device.limitBytes : undefined,
    memoryUsedBytes: actualBytes,
    smLimitRatio: device.smLimited ? device.smLimitPercent / 100 : undefined,
    utilizationRatio: device.smUtilPercent === undefined ? undefined : Math.min(1, device.smUtilPercent / 100),
    allocated: true,
    workloads,
    share: {
      podUid,
      container: name,
      layout: container.layout,
      reportedBytes: reported(device.usedBytes),
      contextBytes: reported(device.contextBytes),
      moduleBytes: reported(device.moduleBytes),
      bufferBytes: reported(device.bufferBytes),
      actualBytes,
      priority: container.priority,
      blocked: container.recentKernel === BLOCKED,
      lastKernelUnixSeconds: container.lastKernelUnixSeconds,
      processes: container.processes.map(({ pid, hostPid }) => ({ pid, hostPid })),
    },
  };
}

type DriverProcess = Gpu['processes'][number];

/**
 * The driver's entries that belong to the container. Its claim alone is not enough: a pid whose cgroup names another
 * pod is not its own, whatever its file says.
 */
function processesOf(container: HamiContainer, gpu: Gpu | undefined, context: ShareContext): readonly DriverProcess[] {
  const hostPids = new Set(container.processes.flatMap(({ hostPid }) => hostPid ?? []));
  const innerPids = new Set(container.processes.map(({ pid }) => pid));
  return (gpu?.processes ?? []).filter(({ pid }) => {
    const owner = context.workloadOf(pid)?.podUid;
    if (owner !== undefined && owner !== container.podUid) return false;
    if (hostPids.has(pid)) return true;
    const inner = context.identityOf(pid)?.namespacePids?.at(-1);
    return owner === container.podUid && inner !== undefined && innerPids.has(inner);
  });
}

/** One process may be in several of the driver's lists with the same memory: each pid counts once. */
function sumOfMemory(processes: readonly DriverProcess[]): number | undefined {
  const byPid = new Map<number, number>();
  for (const { pid, usedMemoryBytes } of processes) {
    if (usedMemoryBytes !== undefined) byPid.set(pid, Math.max(byPid.get(pid) ?? 0, usedMemoryBytes));
  }
  if (byPid.size === 0) return undefined;
  let sum = 0;
  for (const bytes of byPid.values()) sum += bytes;
  return sum;
}

import type { BaselineKeeper } from './collect/baseline-keeper.js';
import type { Collector } from './collect/collector.js';
import { vfioNodes } from './collect/passthrough.js';
import { type ControlActions, ControlError, type ForgetResult, type Holder } from './model/control.js';
import { type GpuIdentity, gpuName } from './model/gpu-identity.js';
import { gpuNamed } from './model/gpu-name.js';
import type { NodeState } from './model/node-state.js';
import { sysfsAddress } from './model/pci-address.js';
import type { Addon } from './native/addon.js';
import type { Clock } from './native/clock.js';
import { holdersByProcess } from './native/holders.js';
import { type ReleasableGpu, release, resume } from './native/release.js';
import type { Supervisor } from './native/supervisor.js';

/** What the actions work on. */
export interface ControlParts {
  readonly addon: Addon;
  readonly clock: Clock;
  readonly supervisor: Supervisor;
  readonly collector: Collector;
  /** Undefined where nothing is remembered. */
  readonly baseline?: BaselineKeeper | undefined;
  readonly procfs: string;
  readonly dev: string;
}

/** Where our own processes are, also on a simulated node. */
const REAL_PROCFS = '/proc';

/** `release`, `resume`, `holders` and `forget` of a running agent. */
export function controlActions(parts: ControlParts): ControlActions {
  const { addon, clock, supervisor, collector, dev } = parts;
  // Links in /proc name the holder's /dev; on a simulated node device nodes are files below the agent's root.
  const deviceRoots = [...new Set(['/dev', dev])];
  const nameOf = (gpu: 'all' | GpuIdentity) => (gpu === 'all' ? 'all' : gpuName(collector.placed(gpu)));
  const known = (id: string) => {
    const { gpus } = collector.current();
    return gpuNamed(gpus, id);
  };
  const named = (id: string): ReleasableGpu => {
    const gpu = known(id);
    if (gpu === undefined) throw unknownGpu(id, collector.current());
    const { index, uuid, pciBusId } = gpu;
    return { index, uuid, pciBusId, node: collector.deviceNodeOf(index) };
  };
  // A GPU that was handed back and taken from the driver is no GPU of the node now; its index may be another's.
  const heldOff = (id: string): GpuIdentity | undefined => {
    const held = supervisor.fleet.released.flatMap(({ gpu }) => (gpu === 'all' ? [] : [collector.placed(gpu)]));
    return gpuNamed(held, id);
  };
  return {
    async release({ gpu, forSeconds }) {
      const stuckCalls = () => collector.current().sampling.stuckCalls;
      const target = gpu === undefined ? 'all' : named(gpu);
      const gpuOfNode = (node: string) =>
        collector.current().gpus.find(({ index }) => collector.deviceNodeOf(index) === node);
      return release({ addon, supervisor, clock, deviceRoots, stuckCalls, gpuOfNode }, target, forSeconds);
    },
    async resume({ gpu }) {
      return resume(supervisor, gpu === undefined ? 'all' : (heldOff(gpu) ?? named(gpu)), nameOf);
    },
    async holders(id) {
      const address = sysfsAddress(id);
      const gpu = known(id);
      const busId = gpu?.pciBusId ?? address;
      const own = collector.bus.functions.find((one) => one.busId === busId);
      if (gpu === undefined && own === undefined) throw unknownGpu(id, collector.current());
      const node = gpu === undefined ? undefined : collector.deviceNodeOf(gpu.index);
      // A GPU that NVML has not named yet is held through a node whose number nobody knows, whatever VFIO nodes it has.
      if (node === undefined && (gpu !== undefined || own?.driver === 'nvidia')) throw unknownNode(id, collector);
      const nodes = [
        ...(node === undefined ? [] : deviceRoots.map((root) => `${root}/${node}`)),
        ...(busId === undefined ? [] : vfioNodes(collector.bus, busId)),
      ];
      if (nodes.length === 0) throw unknownNode(id, collector);
      return findOpenHandles(parts, nodes);
    },
    async forget(id) {
      return forgetGpu(parts, id);
    },
  };
}

async function forgetGpu({ collector, baseline }: ControlParts, id: string): Promise<ForgetResult> {
  const { gpus } = collector.current();
  const busId = sysfsAddress(id);
  const known = baseline?.baseline.gpus.find((gpu) => gpu.uuid === id || (busId !== undefined && gpu.busId === busId));
  if (baseline === undefined || known === undefined) {
    throw new ControlError(
      'gpu_unknown',
      `The baseline of this node has no GPU called "${id}".`,
      'Name it by UUID or PCI bus id as `gpu-node-agent baseline` lists them.',
    );
  }
  if (gpus.some(({ uuid }) => uuid === known.uuid)) {
    throw new ControlError(
      'busy',
      `GPU ${known.uuid} is there: it would be learned again at once.`,
      'Take it out of the node, or bind it to another driver, first.',
    );
  }
  await baseline.forget(known.uuid);
  return { uuid: known.uuid, busId: known.busId };
}

function unknownGpu(id: string, { driver, gpus, switchedOff }: NodeState): ControlError {
  if (switchedOff.includes('nvml')) return notAsked(id);
  if (driver.state === 'starting') {
    return new ControlError(
      'unavailable',
      'The driver has not said yet which GPUs there are.',
      '`gpu-node-agent status` tells what it is asked, and since when. Ask again once it has answered.',
    );
  }
  return new ControlError(
    'gpu_unknown',
    `No GPU of this node is called "${id}"; it has ${gpus.length}.`,
    'Name it by index, UUID or PCI bus id as `gpu-node-agent gpus` lists them.',
  );
}

/** Which GPUs there are, and by which node they are held, only NVML tells. */
function notAsked(id: string): ControlError {
  return new ControlError(
    'unavailable',
    `Nobody asks the driver about GPU "${id}": reading through NVML is switched off.`,
    'Start the agent without --collector.nvml=false, or name a function that is given to a virtual machine by its PCI bus id.',
  );
}

function unknownNode(id: string, collector: Collector): ControlError {
  if (collector.current().switchedOff.includes('nvml')) return notAsked(id);
  return new ControlError(
    'unavailable',
    `The device node of GPU "${id}" is not known, so nobody can say who holds it.`,
    'The driver tells it when the GPU is first read: see `gpu-node-agent status` for why it is not, and ask again after.',
  );
}

async function findOpenHandles(
  { addon, supervisor, collector, procfs }: ControlParts,
  nodes: readonly string[],
): Promise<readonly Holder[]> {
  const samplerPids = new Set(supervisor.fleet.members.map(({ pid }) => pid));
  const ours = new Set([...samplerPids, process.pid]);
  // The walk takes prefixes: /dev/nvidia1 finds /dev/nvidia10 too.
  const exact = (found: Awaited<ReturnType<Addon['findHolders']>>) =>
    found.filter(({ target }) => nodes.includes(target));
  const handles = [...exact(await addon.findHolders(procfs, nodes))];
  if (procfs !== REAL_PROCFS) {
    const real = exact(await addon.findHolders(REAL_PROCFS, nodes));
    handles.push(...real.filter(({ pid }) => ours.has(pid)));
  }
  const others = [...new Set(handles.map(({ pid }) => pid))].filter((pid) => !ours.has(pid));
  return holdersByProcess(handles, { agentPid: process.pid, samplerPids }, await collector.workloadsOf(others));
}

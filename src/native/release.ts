import { basename } from 'node:path';
import type { ReleaseResult, RemainingHandle, ResumeResult } from '../model/control.js';
import { ControlError } from '../model/control.js';
import { type GpuIdentity, gpuName, isSameGpu } from '../model/gpu-identity.js';
import type { StuckCall } from '../model/node-state.js';
import type { Addon, DeviceHolder } from './addon.js';
import type { Clock } from './clock.js';
import { excludes } from './exclusion.js';
import { isHoldOffOf } from './hold-off.js';
import type { Supervisor } from './supervisor.js';

/** A GPU as people and the samplers name it. */
export interface ReleasableGpu extends GpuIdentity {
  /** Device node below /dev, such as `nvidia3`; undefined when its minor number is not known. */
  readonly node: string | undefined;
}

/** What release needs. */
export interface ReleaseParts {
  readonly addon: Pick<Addon, 'findHolders'>;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  /** Directories of device nodes as links in /proc name them: `/dev`, and the agent's own root. */
  readonly deviceRoots: readonly string[];
  /** Calls that are slow or stuck now, to name what cannot be freed. */
  readonly stuckCalls: () => readonly StuckCall[];
  /** Whose device node this is, such as `nvidia3`; undefined for one of no GPU or of one that is not known. */
  readonly gpuOfNode: (node: string) => GpuIdentity | undefined;
}

/** Promise of the design: two seconds. A look at the end of it is still inside. */
const LIMIT_SECONDS = 1.9;
const LOOK_MILLISECONDS = 100;
/** Handles are counted in the real procfs: our own processes are real on a simulated node too. */
const PROCFS = '/proc';

/**
 * Lets go of a GPU (or of all) and waits until none of our samplers holds it, at most two seconds. What a thread
 * asleep in the driver still holds is named with its call.
 */
export async function release(
  parts: ReleaseParts,
  gpu: ReleasableGpu | 'all',
  forSeconds: number | undefined,
): Promise<ReleaseResult> {
  const { supervisor, clock, stuckCalls, gpuOfNode } = parts;
  const started = supervisor.processSeconds();
  const untilSeconds = forSeconds === undefined ? undefined : started + forSeconds;
  supervisor.holdOff({ gpu: identityOf(gpu), sinceSeconds: started, untilSeconds });
  let held = await ownHandles(parts, gpu);
  while (held.length > 0 && supervisor.processSeconds() - started < LIMIT_SECONDS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    held = await ownHandles(parts, gpu);
  }
  return {
    gpu: gpu === 'all' ? 'all' : gpuName(gpu),
    free: held.length === 0,
    remaining: held
      .map((handle) => remaining(handle, stuckCalls(), gpuOfNode))
      .sort((a, b) => a.path.localeCompare(b.path)),
    untilUnixSeconds: forSeconds === undefined ? undefined : clock.unixSeconds() + forSeconds,
    tookSeconds: supervisor.processSeconds() - started,
  };
}

/** Without what is known only now: the device node may be another's later. */
function identityOf(gpu: GpuIdentity | 'all'): GpuIdentity | 'all' {
  return gpu === 'all' ? gpu : { index: gpu.index, uuid: gpu.uuid, pciBusId: gpu.pciBusId };
}

/** Takes a GPU, or all, up again. The GPU need not be there: its hold-off is. */
export function resume(
  supervisor: Supervisor,
  gpu: GpuIdentity | 'all',
  nameOf: (gpu: 'all' | GpuIdentity) => string,
): ResumeResult {
  const before = supervisor.fleet.released;
  const ended = gpu === 'all' ? before : before.filter((one) => isHoldOffOf(one, gpu));
  if (gpu !== 'all' && ended.length === 0) {
    const everything = before.some((one) => one.gpu === 'all');
    throw new ControlError(
      'not_released',
      everything ? 'All GPUs were released together.' : `GPU ${gpuName(gpu)} is not released.`,
      everything ? 'Resume all of them: resume without naming a GPU.' : nextStep(before.map((one) => nameOf(one.gpu))),
    );
  }
  supervisor.endHoldOff(identityOf(gpu));
  return {
    resumed: ended.map((one) => nameOf(one.gpu)),
    stillReleased: supervisor.fleet.released.map((one) => nameOf(one.gpu)),
  };
}

function nextStep(released: readonly string[]): string {
  // Indexes move when a released GPU is taken from the driver, so the name that was typed may mean another GPU by now.
  return released.length === 0 ? 'Nothing has to be resumed.' : `Released are: ${released.join(', ')}.`;
}

/** Handles of our samplers on what was released. */
async function ownHandles(
  { addon, supervisor, deviceRoots }: ReleaseParts,
  gpu: ReleasableGpu | 'all',
): Promise<readonly DeviceHolder[]> {
  const handles = await addon.findHolders(
    PROCFS,
    deviceRoots.map((root) => `${root}/nvidia`),
  );
  return handles.filter(({ pid, target }) => {
    const member = supervisor.fleet.members.find((one) => one.pid === pid);
    if (member === undefined) return false;
    if (gpu === 'all') return true;
    // Nodes that belong to one GPU are `nvidia<minor>`; the others (nvidiactl, nvidia-uvm …) stay open for the rest.
    if (gpu.node !== undefined) return deviceRoots.some((root) => target === `${root}/${gpu.node}`);
    return /\/nvidia\d+$/.test(target) && !excludes(member.exclusion, gpu);
  });
}

function remaining(
  { pid, tid, target }: DeviceHolder,
  calls: readonly StuckCall[],
  gpuOfNode: ReleaseParts['gpuOfNode'],
): RemainingHandle {
  const call = callBehind(
    calls.filter((one) => one.samplerPid === pid),
    gpuOfNode(basename(target)),
  );
  return { pid, tid: call?.tid ?? tid, path: target, call };
}

/**
 * The call that keeps a GPU's handle open. All threads of a process share its handles, and a killed process keeps them
 * for as long as one of its threads sleeps uninterruptibly (state D of proc_pid_stat(5)): such a thread comes before any
 * other, which is only late to die. Then one about that GPU; of others a stuck one before one that is still only slow, and
 * one about the whole driver before one about another GPU.
 */
export function callBehind(calls: readonly StuckCall[], gpu: GpuIdentity | undefined): StuckCall | undefined {
  const isOwn = (call: StuckCall) => gpu !== undefined && call.lane === 'gpu' && isSameGpu(gpuOfCall(call), gpu);
  const rank = (call: StuckCall) =>
    (call.threadState === 'D' ? 0 : 6) +
    (call.verdict === 'stuck' ? 0 : isOwn(call) ? 1 : 2) +
    (isOwn(call) ? 0 : call.lane === 'gpu' ? 3 : 2);
  return calls.toSorted((a, b) => rank(a) - rank(b))[0];
}

const gpuOfCall = ({ gpuIndex, gpuUuid, gpuPciBusId }: StuckCall): GpuIdentity => ({
  index: gpuIndex,
  uuid: gpuUuid,
  pciBusId: gpuPciBusId,
});

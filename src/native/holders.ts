import type { Holder } from '../model/control.js';
import type { Workload } from '../model/workload.js';
import type { DeviceHolder } from './addon.js';

/** Our own processes among the holders. */
export interface OwnProcesses {
  readonly agentPid: number;
  readonly samplerPids: ReadonlySet<number>;
}

/** One entry per process, by pid: the device nodes it has open and how often. */
export function holdersByProcess(
  handles: readonly DeviceHolder[],
  { agentPid, samplerPids }: OwnProcesses,
  workloads: ReadonlyMap<number, Workload>,
): readonly Holder[] {
  const byPid = new Map<number, DeviceHolder[]>();
  for (const handle of handles) byPid.set(handle.pid, [...(byPid.get(handle.pid) ?? []), handle]);
  return [...byPid]
    .sort(([a], [b]) => a - b)
    .map(([pid, own]) => ({
      pid,
      role: samplerPids.has(pid) ? 'sampler' : pid === agentPid ? 'agent' : 'other',
      paths: [...new Set(own.map(({ target }) => target))].sort(),
      handles: own.length,
      workload: workloads.get(pid),
    }));
}

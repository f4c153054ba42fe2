import type { Gpu } from '../model/gpu.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import { isPartOf } from '../model/gpu-users.js';
import type { HamiSweep, NodeState, StuckCall } from '../model/node-state.js';
import type { Partition } from '../model/partition.js';
import type { PciFunction } from '../model/pci.js';
import type { NodeProcess } from '../model/process.js';
import type { Workload } from '../model/workload.js';
import type { NodeUse } from '../model/workload-use.js';
import type { HamiSnapshot } from '../native/addon.js';
import { identify, merge, printable } from '../workload/identify.js';
import { type ProcessIdentity, startedUnixSeconds } from '../workload/process-identity.js';
import type { Moment } from './age.js';
import { hamiSweep, sharePartitions } from './hami.js';
import { gpuPartitions, passthroughPartitions } from './partitions.js';
import type { Topology } from './topology.js';

/** What the sources gave. */
export interface JoinParts
  extends Pick<
    NodeState,
    | 'agent'
    | 'simulated'
    | 'driver'
    | 'sampling'
    | 'events'
    | 'eventsLost'
    | 'eventsWaiting'
    | 'xidFaults'
    | 'switchFaults'
    | 'kernelLog'
    | 'switchedOff'
    | 'baseline'
    | 'sources'
    | 'calls'
  > {
  readonly moment: Moment;
  readonly gpus: readonly Gpu[];
  readonly pci: readonly PciFunction[];
  readonly hami: HamiSnapshot | undefined;
  /** Pids with an open VFIO handle, by bus id; undefined = nobody looked. */
  readonly passthroughHolders: ReadonlyMap<string, readonly number[]> | undefined;
  readonly identityOf: (pid: number) => ProcessIdentity | undefined;
  /** Undefined while it is not known, and then no process has a start. */
  readonly bootUnixSeconds: number | undefined;
  /** Those of `sampling.stuckCalls` that say how things are now, see `callsInForce`. */
  readonly callsInForce: readonly StuckCall[];
  readonly samplerLimit: string | undefined;
  /** Who used what over time, by where workloads are now. */
  readonly useOf: (partitions: readonly Partition[]) => NodeUse;
  readonly setAside: readonly GpuSetAside[];
  /** Indexes left out because one of the GPUs that are to be left alone may stand there. */
  readonly indexesInDoubt: readonly number[];
}

/** A state before it was judged, and what the judge needs beyond it. */
export interface Unjudged extends Omit<NodeState, 'findings' | 'health' | 'topologyVersion'> {
  /** Those of `sampling.stuckCalls` that say how things are now: not of a sampler that was succeeded. */
  readonly callsInForce: readonly StuckCall[];
  /** Why no further sampler is started although one is wanted; undefined when none is missing. */
  readonly samplerLimit: string | undefined;
  readonly setAside: readonly GpuSetAside[];
  /** Indexes left out because one of the GPUs that are to be left alone may stand there. */
  readonly indexesInDoubt: readonly number[];
}

/** A GPU that is left out for a while because a call hung in it. */
export interface GpuSetAside {
  readonly gpu: GpuIdentity;
  readonly sinceUnixSeconds: number;
  /** When it is tried again; undefined while the call has not come back. */
  readonly againUnixSeconds: number | undefined;
  readonly lastCall: StuckCall | undefined;
}

/** Finds what is worth a person's attention, and what that comes to. */
export type Judge = (state: Unjudged) => Pick<NodeState, 'findings' | 'health'>;

/** Joins all sources into one state. Pure but for the two memories it is given: of shapes and of findings. */
export function join(parts: JoinParts, topology: Topology, judge: Judge): NodeState {
  const { moment, gpus, pci, hami } = parts;
  const byPid = workloadsByPid(parts);
  const workloadOf = (pid: number) => byPid.get(pid);
  const shares =
    hami === undefined
      ? []
      : sharePartitions(hami, {
          gpus,
          // The inventory outlives the moment: released GPUs and a silent sampler make no invented UUID more likely.
          inventoryKnown:
            (parts.driver.state === 'initialized' || gpus.length > 0) && gpus.every((gpu) => gpu.uuid !== undefined),
          identityOf: parts.identityOf,
          workloadOf,
        });
  const partitions = [
    ...gpus.flatMap((gpu) =>
      gpuPartitions(gpu, { workloadOf, identityOf: parts.identityOf, shareHolders: holdersOfShares(shares, gpu) }),
    ),
    ...passthroughPartitions(pci, (busId) => holdersOf(parts, busId), workloadOf),
    ...shares,
  ];
  const state = {
    atUnixSeconds: moment.unixSeconds,
    atMonotonicSeconds: moment.monotonicSeconds,
    agent: parts.agent,
    simulated: parts.simulated,
    driver: parts.driver,
    sampling: parts.sampling,
    gpus,
    partitions,
    workloads: merge([...byPid.values()]),
    processes: processesOf([...byPid.keys()], parts),
    use: parts.useOf(partitions),
    pci,
    baseline: parts.baseline,
    hami: sweepOf(hami),
    events: parts.events,
    eventsLost: parts.eventsLost,
    eventsWaiting: parts.eventsWaiting,
    xidFaults: parts.xidFaults,
    switchFaults: parts.switchFaults,
    kernelLog: parts.kernelLog,
    switchedOff: parts.switchedOff,
    sources: parts.sources,
    calls: parts.calls,
  };
  return {
    ...state,
    ...judge({
      ...state,
      callsInForce: parts.callsInForce,
      samplerLimit: parts.samplerLimit,
      setAside: parts.setAside,
      indexesInDoubt: parts.indexesInDoubt,
    }),
    topologyVersion: topology.versionOf(state),
  };
}

function processesOf(pids: readonly number[], parts: JoinParts): readonly NodeProcess[] {
  return [...pids]
    .sort((a, b) => a - b)
    .flatMap((pid) => {
      const identity = parts.identityOf(pid);
      if (identity === undefined) return [];
      const { startTicks, comm } = identity;
      return [
        { pid, startedUnixSeconds: startedUnixSeconds(startTicks, parts.bootUnixSeconds), name: printable(comm) },
      ];
    });
}

function holdersOfShares(shares: readonly Partition[], gpu: Gpu): ReadonlySet<string> {
  return new Set(shares.flatMap((share) => (isPartOf(share, gpu) ? share.workloads : [])));
}

function holdersOf(parts: JoinParts, busId: string): readonly number[] | undefined {
  return parts.passthroughHolders === undefined ? undefined : (parts.passthroughHolders.get(busId) ?? []);
}

const SWEEPS = new WeakMap<HamiSnapshot, HamiSweep>();

/** Made once per sweep, so that an unchanged sweep is the same object in every state. */
function sweepOf(snapshot: HamiSnapshot | undefined): HamiSweep | undefined {
  if (snapshot === undefined) return undefined;
  const made = SWEEPS.get(snapshot) ?? hamiSweep(snapshot);
  SWEEPS.set(snapshot, made);
  return made;
}

function workloadsByPid({ gpus, hami, identityOf, passthroughHolders }: JoinParts): ReadonlyMap<number, Workload> {
  const containers = (hami?.containers ?? [])
    .filter(({ podUid }) => podUid !== '')
    .map(({ podUid, container, processes }) => ({ podUid, container, processes }));
  const pids = new Set([
    ...gpus.flatMap((gpu) => gpu.processes.map(({ pid }) => pid)),
    ...[...(passthroughHolders?.values() ?? [])].flat(),
  ]);
  const byPid = new Map<number, Workload>();
  for (const pid of pids) {
    const identity = identityOf(pid);
    if (identity !== undefined) byPid.set(pid, identify(identity, containers));
  }
  return byPid;
}

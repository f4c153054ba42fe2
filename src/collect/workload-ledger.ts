import { isPartOf } from '../model/gpu-users.js';
import type { Partition } from '../model/partition.js';
import { readingIndex } from '../model/readings.js';
import type { NodeUse, WorkloadUse } from '../model/workload-use.js';
import type { GpuSnapshot, ProcessAccountSnapshot } from '../native/addon.js';

/** How long the sums of a workload are kept after its last process was seen. */
export const ENDED_KEPT_SECONDS = 600;
/** Of so many ended workloads at most; the one that ended first goes first. */
export const MOST_ENDED = 256;
/** An account that was not in the newest look by more than this has ended. */
const PRESENT_SECONDS = 1;

const NO_ID = 0xffffffff;
const ENERGY = readingIndex('energy_joules_total');

interface Figures {
  readonly busySeconds: number;
  readonly observedSeconds: number;
  readonly memoryByteSeconds: number;
  readonly energyJoules: number;
}

const ZERO: Figures = { busySeconds: 0, observedSeconds: 0, memoryByteSeconds: 0, energyJoules: 0 };

/** Who a process is: its workload, and the start that tells it from another of the same pid. */
export interface Named {
  readonly workload: string;
  readonly startTicks: number;
}

/** What is known of processes beside the driver. */
export interface Processes {
  /** Undefined while it is not known, and of a process that is gone. */
  nameOf(pid: number): Named | undefined;
  /** Whether the process of that start is there no more. */
  hasEnded(pid: number, startTicks: number): boolean;
}

/** A process's account as it was folded last. */
interface Folded {
  readonly figures: Figures;
  /** Who it is; undefined while that is not known. Remembered, for a process that ended cannot be asked. */
  readonly named: Named | undefined;
}

/** What an account grew by since it was folded last. */
interface Growth {
  readonly record: GpuSnapshot;
  readonly account: ProcessAccountSnapshot;
  readonly before: Figures;
  readonly workload: string;
  readonly present: boolean;
}

interface Entry {
  readonly workload: string;
  readonly gpuUuid: string;
  readonly migUuid: string | undefined;
  readonly sinceUnixSeconds: number;
  gpuIndex: number;
  partition: string;
  figures: Figures;
  memoryKnown: boolean;
  energyKnown: boolean;
  presentSeconds: number;
  ended: boolean;
}

/** The energy counter of a GPU, what of it is in some workload's sum, and what is nobody's. */
interface EnergyBook {
  readonly counterJoules: number;
  readonly attributedJoules: number;
  /** Never falls while the counter goes on: what an account has that is not named yet is not in it. */
  readonly unattributedJoules: number;
}

/**
 * Sums of workloads, made of the sampler's accounts of processes. A sampler counts since it first saw a process; only
 * the growth since the last fold is taken, so that a successor's accounts, which begin anew, never let a sum fall.
 */
export class WorkloadLedger {
  private readonly entries = new Map<string, Entry>();
  private folded = new Map<string, Folded>();
  private readonly books = new Map<string, EnergyBook>();
  private generation: number | undefined;

  /**
   * Takes in the newest records of a sampler. Of a sampler that succeeded another the first records are where its
   * accounts begin: it had been reading beside its predecessor.
   */
  fold(records: readonly GpuSnapshot[], generation: number, processes: Processes, unixSeconds: number): void {
    const succeeded = this.generation !== undefined && this.generation !== generation;
    this.generation = generation;
    const before = this.folded;
    this.folded = new Map();
    for (const record of records) {
      if (record.uuid === '') continue;
      let attributed = 0;
      let unnamed = 0;
      for (const account of record.accounts) {
        const key = `${generation} ${record.uuid} ${account.pid} ${account.gpuInstance} ${account.computeInstance} ${account.sinceMonotonicNs}`;
        const known = before.get(key) ?? { figures: succeeded ? account : ZERO, named: undefined };
        const asked = processes.nameOf(account.pid);
        const named = asked ?? known.named;
        if (named === undefined) {
          // What it used until its name is known is its own all the same.
          this.folded.set(key, known);
          unnamed += account.energyJoules - known.figures.energyJoules;
          continue;
        }
        // The sampler goes on with the account of a pid that was free for less than its notice, and another process has
        // it: which of the two the growth is of cannot be told, and it stays nobody's.
        const isAnother = known.named !== undefined && known.named.startTicks !== named.startTicks;
        const who = isAnother ? named : (known.named ?? named);
        this.folded.set(key, { figures: account, named: who });
        // While a list of the driver fails the sampler takes whoever was in it to be there still; the kernel knows better.
        const present = !processes.hasEnded(account.pid, who.startTicks);
        const start = isAnother ? account : known.figures;
        const growth = { record, account, before: start, workload: who.workload, present };
        if (this.add(growth, unixSeconds)) attributed += account.energyJoules - start.energyJoules;
      }
      this.bookEnergy(record, attributed, unnamed);
    }
    this.keepSilent(before, records, generation);
    this.forgetEnded(records);
  }

  /**
   * A GPU that does not answer has no accounts; when it answers again soon, the sampler goes on with them. What was
   * folded of them must be remembered until then, or all of it would be taken a second time.
   */
  private keepSilent(before: ReadonlyMap<string, Folded>, records: readonly GpuSnapshot[], generation: number): void {
    const heard = new Set(records.filter(({ accounts }) => accounts.length > 0).map(({ uuid }) => uuid));
    for (const [key, known] of before) {
      const [ofGeneration, uuid = ''] = key.split(' ', 2);
      if (ofGeneration === String(generation) && !heard.has(uuid) && !this.folded.has(key)) this.folded.set(key, known);
    }
  }

  /** The sums now. `partitions` say which part of a GPU a workload is on. */
  use(partitions: readonly Partition[]): NodeUse {
    const workloads = [...this.entries.values()].map((entry): WorkloadUse => {
      entry.partition = partitionOf(entry, partitions) ?? entry.partition;
      const { busySeconds, observedSeconds, memoryByteSeconds, energyJoules } = entry.figures;
      const sampled = observedSeconds > 0;
      return {
        workload: entry.workload,
        partition: entry.partition,
        gpuUuid: entry.gpuUuid,
        gpuIndex: entry.gpuIndex,
        sinceUnixSeconds: entry.sinceUnixSeconds,
        busySeconds: sampled ? busySeconds : undefined,
        observedSeconds: sampled ? observedSeconds : undefined,
        memoryByteSeconds: entry.memoryKnown ? memoryByteSeconds : undefined,
        energyJoules: sampled && entry.energyKnown ? energyJoules : undefined,
        ended: entry.ended,
      };
    });
    const unattributed = [...this.books].map(([gpuUuid, { unattributedJoules }]) => ({
      gpuUuid,
      energyJoules: unattributedJoules,
    }));
    return { workloads, unattributed };
  }

  /** Whether the growth is in a sum now. */
  private add({ record, account, before, workload, present }: Growth, unixSeconds: number): boolean {
    const migUuid = migUuidOf(record, account);
    const key = `${record.uuid} ${migUuid ?? ''} ${workload}`;
    // Of one that ended there is nothing to begin with: what there was has been forgotten.
    if (!present && !this.entries.has(key)) return false;
    const entry = this.entries.get(key) ?? {
      workload,
      gpuUuid: record.uuid,
      migUuid,
      sinceUnixSeconds: unixSeconds,
      gpuIndex: record.index,
      partition: migUuid ?? record.uuid,
      figures: ZERO,
      memoryKnown: true,
      energyKnown: false,
      presentSeconds: 0,
      ended: false,
    };
    this.entries.set(key, entry);
    entry.gpuIndex = record.index;
    // The growth first: added to a sum before the subtraction, numbers that did not grow let it fall by a last digit.
    entry.figures = {
      busySeconds: entry.figures.busySeconds + (account.busySeconds - before.busySeconds),
      observedSeconds: entry.figures.observedSeconds + (account.observedSeconds - before.observedSeconds),
      memoryByteSeconds: entry.figures.memoryByteSeconds + (account.memoryByteSeconds - before.memoryByteSeconds),
      energyJoules: entry.figures.energyJoules + (account.energyJoules - before.energyJoules),
    };
    entry.memoryKnown &&= account.memoryKnown;
    entry.energyKnown ||= record.status[ENERGY] === 0;
    if (present) entry.presentSeconds = Math.max(entry.presentSeconds, account.presentMonotonicNs / 1e9);
    return true;
  }

  /**
   * After a reset of the counter it counts from 0, and so does what of it is attributed. In a record without the counter
   * workloads may have grown by energy of the cycles before: it is booked, and the rest stays until the counter is back.
   */
  private bookEnergy(record: GpuSnapshot, attributedJoules: number, unnamedJoules: number): void {
    const before = this.books.get(record.uuid);
    const told = record.status[ENERGY] === 0 ? record.values[ENERGY] : undefined;
    const counterJoules = told ?? before?.counterJoules;
    if (counterJoules === undefined) return;
    const goesOn = before !== undefined && counterJoules >= before.counterJoules;
    const attributed = attributedJoules + (goesOn ? before.attributedJoules : 0);
    const rest = told === undefined ? 0 : Math.max(0, counterJoules - attributed - unnamedJoules);
    this.books.set(record.uuid, {
      counterJoules,
      attributedJoules: attributed,
      unattributedJoules: Math.max(rest, goesOn ? before.unattributedJoules : 0),
    });
  }

  private forgetEnded(records: readonly GpuSnapshot[]): void {
    const newest = Math.max(0, ...records.map(({ gatheredMonotonicNs }) => gatheredMonotonicNs / 1e9));
    const ended: (readonly [string, number])[] = [];
    for (const [key, entry] of this.entries) {
      const goneSeconds = newest - entry.presentSeconds;
      entry.ended = goneSeconds > PRESENT_SECONDS;
      if (goneSeconds > ENDED_KEPT_SECONDS) this.entries.delete(key);
      else if (entry.ended) ended.push([key, entry.presentSeconds]);
    }
    ended.sort((a, b) => a[1] - b[1]);
    for (const [key] of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) this.entries.delete(key);
  }
}

/** Pids of accounts that go on although no list has them: the list they were in failed, and what became of them is open. */
export function hiddenPids({ accounts, processes, gatheredMonotonicNs }: GpuSnapshot): readonly number[] {
  const listed = new Set(processes.map(({ pid }) => pid));
  return accounts
    .filter((one) => !listed.has(one.pid) && gatheredMonotonicNs - one.presentMonotonicNs <= PRESENT_SECONDS * 1e9)
    .map(({ pid }) => pid);
}

/** The MIG instance that a process runs in; the driver names it by the numbers of its parts. */
function migUuidOf({ migInstances }: GpuSnapshot, account: ProcessAccountSnapshot): string | undefined {
  if (account.gpuInstance === NO_ID) return undefined;
  return migInstances.find(
    ({ idsStatus, gpuInstance, computeInstance }) =>
      idsStatus === 0 && gpuInstance === account.gpuInstance && computeInstance === account.computeInstance,
  )?.uuid;
}

/** The part of the GPU that the workload is on now; undefined when it has left it. */
function partitionOf({ workload, gpuUuid, gpuIndex, migUuid }: Entry, partitions: readonly Partition[]) {
  return partitions.find(
    (one) =>
      one.migUuid === migUuid && one.workloads.includes(workload) && isPartOf(one, { uuid: gpuUuid, index: gpuIndex }),
  )?.id;
}

import type { Gpu, GpuCondition, GpuProcess, MigInstance } from '../model/gpu.js';
import type { StuckCall } from '../model/node-state.js';
import { Readings, reasonName } from '../model/readings.js';
import type { GpuSnapshot, MigSnapshot, ProcessSnapshot } from '../native/addon.js';
import { READINGS } from '../native/readings.generated.js';
import { ageSeconds, known, type Moment } from './age.js';
import type { GpuEventHistory } from './events.js';
import { KEPT_INDEXES } from './last-known.js';
import { sysfsAddress } from './pci-address.js';

/** What a GPU's state is made of beside its record. */
export interface GpuContext {
  readonly moment: Moment;
  /** Age at which readings are dropped. */
  readonly staleAfterSeconds: number;
  readonly stuckCalls: readonly StuckCall[];
  /** Indexes handed back by release, or all. */
  readonly released: 'all' | ReadonlySet<number>;
  /** Indexes in whose driver another sampler sleeps, or slept a short while ago, with the call where known. */
  readonly setAside: ReadonlyMap<number, StuckCall | undefined>;
  readonly historyOf: (uuid: string | undefined, index: number) => GpuEventHistory;
}

const CONDITIONS: readonly GpuCondition[] = ['attaching', 'up', 'lost', 'failed', 'probing', 'excluded'];
const NOT_ASKED = 255;
const NO_ID = 0xffffffff;
const PROCESS_TYPES = ['compute', 'graphics', 'mps'] as const;

/** Of a GPU that is not read: who it is and how it is divided, and nothing that moves. */
function keptReadings(record: GpuSnapshot): Readings {
  const values = new Float64Array(READINGS.length);
  const status = new Uint8Array(READINGS.length).fill(NOT_ASKED);
  for (const index of KEPT_INDEXES) {
    values[index] = record.values[index] ?? Number.NaN;
    status[index] = record.status[index] ?? NOT_ASKED;
  }
  return new Readings(values, status);
}

/** One GPU of the state. Parts that follow from the record alone are made once per record. */
export function gpuOf(record: GpuSnapshot, context: GpuContext): Gpu {
  const age = ageSeconds(context.moment, record.gatheredMonotonicNs);
  const { condition, reason } = conditionOf(record, age, context);
  const usable = condition === 'up' || condition === 'lost' || condition === 'failed' || condition === 'probing';
  const fresh = usable && age !== undefined && age <= context.staleAfterSeconds;
  const parts = partsOf(record);
  const uuid = known(record.uuid);
  const history = context.historyOf(uuid, record.index);
  return {
    index: record.index,
    uuid,
    name: known(record.name),
    serial: known(record.serial),
    pciBusId: sysfsAddress(record.pciBusId),
    vbiosVersion: known(record.vbiosVersion),
    boardPartNumber: known(record.boardPartNumber),
    inforomImageVersion: known(record.inforomImageVersion),
    gspFirmwareVersion: known(record.gspFirmwareVersion),
    condition,
    conditionReason: reason,
    lastCollectionUnixSeconds: record.gatheredRealtimeNs === 0 ? undefined : record.gatheredRealtimeNs / 1e9,
    ageSeconds: age,
    readings: fresh ? parts.readings : keptReadings(record),
    migInstances: fresh ? parts.migInstances : parts.migInstances.map(withoutMemory),
    processes: fresh ? parts.processes : [],
    processTotal: fresh ? record.processTotal : 0,
    xids: history.xids,
    lastXid: history.lastXid,
    eventCounts: history.eventCounts,
  };
}

function conditionOf(
  record: GpuSnapshot,
  age: number | undefined,
  context: GpuContext,
): { readonly condition: GpuCondition; readonly reason: string | undefined } {
  const stuck = context.stuckCalls.find((call) => call.gpuIndex === record.index && call.verdict === 'stuck');
  if (stuck !== undefined) {
    const reason = `${stuck.function} has not come back for ${Math.round(stuck.seconds)} s (sampler ${stuck.samplerPid}, thread ${stuck.tid})`;
    return { condition: 'stuck', reason };
  }
  const released = context.released === 'all' || context.released.has(record.index);
  if (released) return { condition: 'excluded', reason: 'handed back by release' };
  const condition = CONDITIONS[record.state] ?? 'failed';
  if (condition === 'excluded') {
    if (!context.setAside.has(record.index)) {
      return { condition, reason: 'left out by this sampler; the next one takes it up' };
    }
    const call = context.setAside.get(record.index)?.function ?? 'a call';
    return { condition: 'stuck', reason: `left out for a while: ${call} did not come back in time` };
  }
  if (condition === 'up') {
    if (age !== undefined && age <= context.staleAfterSeconds) return { condition, reason: undefined };
    const reason = `the last complete cycle is ${age === undefined ? 'unknown' : `${Math.round(age)} s`} old`;
    return { condition: 'stale', reason };
  }
  return { condition, reason: reasonOf(condition, record.stateCode) };
}

function reasonOf(condition: GpuCondition, code: number): string {
  const answer = code === 0 ? '' : `; the driver answered ${reasonName(code)} (${code})`;
  switch (condition) {
    case 'attaching':
      return `the look-up of its handle has not ended${answer}`;
    case 'lost':
      return `the GPU is lost${answer}`;
    case 'probing':
      return `only probed slowly after a fatal XID${answer}`;
    default:
      return `it cannot be read${answer}`;
  }
}

interface RecordParts {
  readonly readings: Readings;
  readonly migInstances: readonly MigInstance[];
  readonly processes: readonly GpuProcess[];
}

const PARTS = new WeakMap<GpuSnapshot, RecordParts>();

function partsOf(record: GpuSnapshot): RecordParts {
  let parts = PARTS.get(record);
  if (parts === undefined) {
    parts = {
      readings: new Readings(record.values, record.status),
      migInstances: record.migInstances.map(migInstanceOf),
      processes: record.processes.map(processOf),
    };
    PARTS.set(record, parts);
  }
  return parts;
}

function withoutMemory(instance: MigInstance): MigInstance {
  return { ...instance, memory: undefined };
}

function migInstanceOf(mig: MigSnapshot): MigInstance {
  const idsKnown = mig.idsStatus === 0;
  return {
    uuid: mig.uuid,
    migIndex: mig.migIndex,
    gpuInstance: idsKnown ? mig.gpuInstance : undefined,
    computeInstance: idsKnown ? mig.computeInstance : undefined,
    profile: /\bMIG (\S+)/.exec(mig.name)?.[1],
    name: mig.name,
    attributes:
      mig.attributesStatus === 0
        ? {
            multiprocessors: mig.multiprocessors,
            copyEngines: mig.copyEngines,
            decoders: mig.decoders,
            encoders: mig.encoders,
            jpegEngines: mig.jpegEngines,
            ofaEngines: mig.ofaEngines,
            gpuSlices: mig.slicesStatus === 0 ? mig.gpuSlices : undefined,
            computeSlices: mig.slicesStatus === 0 ? mig.computeSlices : undefined,
          }
        : undefined,
    memory:
      mig.memoryStatus === 0
        ? {
            totalBytes: mig.memoryTotalBytes,
            reservedBytes: mig.memoryReservedStatus === 0 ? mig.memoryReservedBytes : undefined,
            usedBytes: mig.memoryUsedBytes,
            freeBytes: mig.memoryFreeBytes,
          }
        : undefined,
  };
}

function processOf(process: ProcessSnapshot): GpuProcess {
  const id = (value: number) => (value === NO_ID ? undefined : value);
  return {
    pid: process.pid,
    type: PROCESS_TYPES[process.type] ?? 'compute',
    usedMemoryBytes: process.usedMemoryBytes < 0 ? undefined : process.usedMemoryBytes,
    gpuInstance: id(process.gpuInstance),
    computeInstance: id(process.computeInstance),
  };
}

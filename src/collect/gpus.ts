import type { Gpu, GpuCondition, GpuProcess, MigInstance, MigProfile, NvLink, ProcessUse } from '../model/gpu.js';
import { type GpuIdentity, isSameGpu } from '../model/gpu-identity.js';
import type { StuckCall } from '../model/node-state.js';
import { sysfsAddress } from '../model/pci-address.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NOT_ASKED,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
  Readings,
  reasonName,
} from '../model/readings.js';
import { isCallOf } from '../model/stuck-call.js';
import type {
  GpuSnapshot,
  LinkSnapshot,
  MigProfileSnapshot,
  MigSnapshot,
  ProcessSnapshot,
  ProcessUseSnapshot,
} from '../native/addon.js';
import { READINGS } from '../native/readings.generated.js';
import { ageSeconds, known, type Moment } from './age.js';
import type { GpuEventHistory } from './events.js';
import { KEPT_INDEXES, MIG_CUT } from './last-known.js';

/** What a GPU's state is made of beside its record. */
export interface GpuContext {
  readonly moment: Moment;
  /** Age at which readings are dropped. */
  readonly staleAfterSeconds: number;
  readonly stuckCalls: readonly StuckCall[];
  /** GPUs handed back by release, or all. */
  readonly released: 'all' | readonly GpuIdentity[];
  /** GPUs in whose driver another sampler sleeps, or slept a short while ago, with the call where known. */
  readonly setAside: readonly { readonly gpu: GpuIdentity; readonly lastCall: StuckCall | undefined }[];
  readonly historyOf: (uuid: string | undefined, index: number) => GpuEventHistory;
}

const CONDITIONS: readonly GpuCondition[] = ['attaching', 'up', 'lost', 'failed', 'probing', 'excluded'];
const IN_DOUBT =
  'left out because it may be a GPU that is not to be touched: /proc/driver/nvidia/gpus does not list what the driver counts, so nobody can tell them apart without a look-up';
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
  return new Readings(GPU_READINGS, values, status);
}

/** One GPU of the state. Parts that follow from the record alone are made once per record. */
export function gpuOf(record: GpuSnapshot, context: GpuContext): Gpu {
  const age = ageSeconds(context.moment, record.gatheredMonotonicNs);
  const identity = identityOf(record);
  const { condition, reason } = conditionOf(record, identity, age, context);
  const usable = condition === 'up' || condition === 'lost' || condition === 'failed' || condition === 'probing';
  const fresh = usable && age !== undefined && age <= context.staleAfterSeconds;
  const history = context.historyOf(identity.uuid, record.index);
  return {
    index: record.index,
    uuid: identity.uuid,
    name: known(record.name),
    serial: known(record.serial),
    pciBusId: identity.pciBusId,
    vbiosVersion: known(record.vbiosVersion),
    boardPartNumber: known(record.boardPartNumber),
    inforomImageVersion: known(record.inforomImageVersion),
    gspFirmwareVersion: known(record.gspFirmwareVersion),
    fabricClusterUuid: known(record.fabricClusterUuid),
    platformChassisSerial: known(record.platformChassisSerial),
    condition,
    conditionReason: reason,
    lastCollectionUnixSeconds: record.gatheredRealtimeNs === 0 ? undefined : record.gatheredRealtimeNs / 1e9,
    ageSeconds: age,
    ...(fresh ? partsOf(record) : keptParts(record)),
    processTotal: fresh ? record.processTotal : 0,
    xids: history.xids,
    lastXid: history.lastXid,
    eventCounts: history.eventCounts,
  };
}

/** Which GPU a record is of. */
export function identityOf({ index, uuid, pciBusId }: GpuSnapshot): GpuIdentity {
  return { index, uuid: known(uuid), pciBusId: sysfsAddress(pciBusId) };
}

function conditionOf(
  record: GpuSnapshot,
  gpu: GpuIdentity,
  age: number | undefined,
  context: GpuContext,
): { readonly condition: GpuCondition; readonly reason: string | undefined } {
  const stuck = context.stuckCalls.find((call) => call.verdict === 'stuck' && isCallOf(call, gpu));
  if (stuck !== undefined) {
    const reason = `${stuck.function} has not come back for ${Math.round(stuck.seconds)} s (sampler ${stuck.samplerPid}, thread ${stuck.tid})`;
    return { condition: 'stuck', reason };
  }
  const released = context.released === 'all' || context.released.some((one) => isSameGpu(one, gpu));
  if (released) return { condition: 'excluded', reason: 'handed back by release' };
  const condition = CONDITIONS[record.state] ?? 'failed';
  if (condition === 'excluded') {
    if (record.excludedInDoubt) return { condition, reason: IN_DOUBT };
    const setAside = context.setAside.find((one) => isSameGpu(one.gpu, gpu));
    if (setAside === undefined) return { condition, reason: 'left out by this sampler; the next one takes it up' };
    const call = setAside.lastCall?.function ?? 'a call';
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

/** What a record says by itself, whatever its age. */
type RecordParts = Pick<
  Gpu,
  'readings' | 'migInstances' | 'migProfiles' | 'links' | 'c2cLinks' | 'fans' | 'peers' | 'processes' | 'processUses'
>;

const PARTS = new WeakMap<GpuSnapshot, RecordParts>();

function partsOf(record: GpuSnapshot): RecordParts {
  let parts = PARTS.get(record);
  if (parts === undefined) {
    parts = {
      readings: new Readings(GPU_READINGS, record.values, record.status),
      migInstances: record.migInstances.map(migInstanceOf),
      migProfiles: record.migProfiles.map(migProfileOf),
      links: linksOf(record.links),
      c2cLinks: record.c2cLinks.map(({ link, values, status }) => ({
        link,
        readings: new Readings(CHIP_LINK_READINGS, values, status),
      })),
      fans: record.fans.map(({ fan, values, status }) => ({
        fan,
        readings: new Readings(FAN_SPEED_READINGS, values, status),
      })),
      peers: record.peers.map(({ gpuIndex, uuid, values, status }) => ({
        gpuIndex,
        uuid,
        readings: new Readings(PEER_GPU_READINGS, values, status),
      })),
      processes: record.processes.map(processOf),
      processUses: record.processUses.map(processUseOf),
    };
    PARTS.set(record, parts);
  }
  return parts;
}

/** The parts of a GPU that is not read any more: how it is cut, and nothing that moves. */
function keptParts(record: GpuSnapshot): RecordParts {
  const { migInstances, migProfiles } = partsOf(record);
  return {
    readings: keptReadings(record),
    migInstances: migInstances.map(onlyItsCut),
    migProfiles,
    links: [],
    c2cLinks: [],
    fans: [],
    peers: [],
    processes: [],
    processUses: [],
  };
}

/** Of an instance nobody reads any more: how it is cut, and nothing that moves. */
function onlyItsCut(instance: MigInstance): MigInstance {
  return { ...instance, readings: instance.readings.only((id) => MIG_CUT.has(id)) };
}

function migInstanceOf(mig: MigSnapshot): MigInstance {
  const idsKnown = mig.idsStatus === 0;
  return {
    uuid: mig.uuid,
    migIndex: mig.migIndex,
    gpuInstance: idsKnown ? mig.gpuInstance : undefined,
    computeInstance: idsKnown ? mig.computeInstance : undefined,
    profile: profileName(mig.name),
    name: mig.name,
    readings: new Readings(MIG_INSTANCE_READINGS, mig.values, mig.status),
  };
}

/** `3g.40gb` of a device's name or of `MIG 3g.40gb`, the name of a profile. */
function profileName(name: string): string | undefined {
  return /\bMIG (\S+)/.exec(name)?.[1];
}

function migProfileOf(profile: MigProfileSnapshot): MigProfile {
  const { id, slices, multiprocessors, memoryBytes, capacity } = profile;
  return {
    id,
    name: profileName(profile.name),
    slices,
    multiprocessors,
    memoryBytes,
    capacity,
    available: profile.availableStatus === 0 ? profile.available : undefined,
  };
}

const LINKS = new WeakMap<readonly LinkSnapshot[], readonly NvLink[]>();

/** Made once per list: links move once a minute, and there are eighteen of them on each GPU. */
function linksOf(snapshots: readonly LinkSnapshot[]): readonly NvLink[] {
  const made = LINKS.get(snapshots) ?? snapshots.map(linkOf);
  LINKS.set(snapshots, made);
  return made;
}

function linkOf({ link, remotePciBusId, values, status }: LinkSnapshot): NvLink {
  return {
    link,
    remotePciBusId: sysfsAddress(remotePciBusId),
    readings: new Readings(NVLINK_READINGS, values, status),
  };
}

function processUseOf(use: ProcessUseSnapshot): ProcessUse {
  const ratio = (value: number) => (value < 0 ? undefined : value);
  return {
    pid: use.pid,
    sampledUnixSeconds: use.sampledUnixSeconds,
    smRatio: ratio(use.smRatio),
    memoryRatio: ratio(use.memoryRatio),
    encoderRatio: ratio(use.encoderRatio),
    decoderRatio: ratio(use.decoderRatio),
    jpegRatio: ratio(use.jpegRatio),
    ofaRatio: ratio(use.ofaRatio),
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

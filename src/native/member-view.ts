import type { GpuIdentity } from '../model/gpu-identity.js';
import type { GpuSnapshot, InFlightSnapshot, Snapshot } from './addon.js';

/** DriverState of native/core/shm/records.h, by number. */
export const DRIVER_STATES = [
  'starting',
  'initialized',
  'library_missing',
  'not_loaded',
  'mismatch',
  'failed',
  'unused',
] as const;

/** State of the driver as a sampler's control thread says it. */
export type DriverState = (typeof DRIVER_STATES)[number];

/** LaneKind of records.h, by number. */
export const LANES = ['control', 'events', 'hami', 'gpu'] as const;

/** GpuState of records.h. */
export const GPU_STATE = { attaching: 0, up: 1, lost: 2, failed: 3, probing: 4, excluded: 5, gone: 6 } as const;

/** Verdict of records.h. */
export const VERDICT = { inFlight: 0, slow: 1, stuck: 2 } as const;

/** What the succession needs to know of one sampler, distilled from its newest snapshot. GPUs by their index in it. */
export interface MemberView {
  readonly driver: DriverState;
  readonly gpuCount: number;
  /** GPUs that answered at least one cycle, are lost or failed, or are excluded: nothing more to wait for. */
  readonly settledGpus: ReadonlySet<number>;
  /** GPUs it never looks up. */
  readonly excludedGpus: ReadonlySet<number>;
  /** GPUs that are lost or refused: they are only looked up now and then. */
  readonly unreadableGpus: ReadonlySet<number>;
  /** GPUs whose call is stuck, and which they are. */
  readonly stuckGpus: ReadonlyMap<number, GpuIdentity>;
  /** GPUs whose call is slow or stuck, or that are more than two cycles behind. */
  readonly lateGpus: ReadonlySet<number>;
  /** Loading, init or shutdown of the driver is stuck. */
  readonly controlStuck: boolean;
}

/** A sampler that has published nothing yet. */
export const UNSEEN: MemberView = {
  driver: 'starting',
  gpuCount: 0,
  settledGpus: new Set(),
  excludedGpus: new Set(),
  unreadableGpus: new Set(),
  stuckGpus: new Map(),
  lateGpus: new Set(),
  controlStuck: false,
};

const isGpuCall = (call: InFlightSnapshot) => LANES[call.lane] === 'gpu';

/** GPUs that fulfil a condition on state and last complete cycle. */
function gpusWhere({ gpuStates }: Snapshot, fits: (state: number, cycle: number) => boolean): number[] {
  const found: number[] = [];
  for (let at = 0; at + 2 < gpuStates.length && (gpuStates[at] as number) >= 0; at += 3) {
    if (fits(gpuStates[at + 1] as number, gpuStates[at + 2] as number)) found.push(gpuStates[at] as number);
  }
  return found;
}

/** Which GPU a sampler has at an index, by the records it publishes. */
export function identityAt(gpus: readonly GpuSnapshot[], index: number): GpuIdentity {
  const record = gpus.find((one) => one.index === index);
  return { index, uuid: record?.uuid || undefined, pciBusId: record?.pciBusId || undefined };
}

/** Distils a snapshot. `gpus` gives the sampler's records; they are asked for only when a GPU is stuck. */
export function viewOf(snapshot: Snapshot, gpus: () => readonly GpuSnapshot[]): MemberView {
  const { driver, watch } = snapshot;
  const atLeast = (verdict: number) =>
    watch.inFlight.filter((call) => isGpuCall(call) && call.verdict >= verdict).map((call) => call.gpuIndex);
  const behind = gpusWhere(snapshot, (state, cycle) => state === GPU_STATE.up && watch.cycle - cycle > 2);
  return {
    driver: DRIVER_STATES[driver.state] ?? 'failed',
    gpuCount: driver.gpuCount,
    settledGpus: new Set(gpusWhere(snapshot, (state) => state !== GPU_STATE.attaching)),
    excludedGpus: new Set(gpusWhere(snapshot, (state) => state === GPU_STATE.excluded)),
    unreadableGpus: new Set(gpusWhere(snapshot, (state) => state === GPU_STATE.lost || state === GPU_STATE.failed)),
    stuckGpus: new Map(atLeast(VERDICT.stuck).map((index) => [index, identityAt(gpus(), index)])),
    lateGpus: new Set([...atLeast(VERDICT.slow), ...behind]),
    controlStuck: watch.inFlight.some((call) => LANES[call.lane] === 'control' && call.verdict >= VERDICT.stuck),
  };
}

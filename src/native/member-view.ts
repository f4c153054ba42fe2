import type { InFlightSnapshot, Snapshot } from './addon.js';

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
export const GPU_STATE = { attaching: 0, up: 1, lost: 2, failed: 3, probing: 4, excluded: 5 } as const;

/** Verdict of records.h. */
export const VERDICT = { inFlight: 0, slow: 1, stuck: 2 } as const;

/** What the succession needs to know of one sampler, distilled from its newest snapshot. */
export interface MemberView {
  readonly driver: DriverState;
  readonly gpuCount: number;
  /** GPUs that answered at least one cycle, are lost or failed, or are excluded: nothing more to wait for. */
  readonly settledGpus: ReadonlySet<number>;
  /** GPUs whose call is stuck. */
  readonly stuckGpus: ReadonlySet<number>;
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
  stuckGpus: new Set(),
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

/** Distils a snapshot. */
export function viewOf(snapshot: Snapshot): MemberView {
  const { driver, watch } = snapshot;
  const atLeast = (verdict: number) =>
    watch.inFlight.filter((call) => isGpuCall(call) && call.verdict >= verdict).map((call) => call.gpuIndex);
  const behind = gpusWhere(snapshot, (state, cycle) => state === GPU_STATE.up && watch.cycle - cycle > 2);
  return {
    driver: DRIVER_STATES[driver.state] ?? 'failed',
    gpuCount: driver.gpuCount,
    settledGpus: new Set(gpusWhere(snapshot, (state) => state !== GPU_STATE.attaching)),
    stuckGpus: new Set(atLeast(VERDICT.stuck)),
    lateGpus: new Set([...atLeast(VERDICT.slow), ...behind]),
    controlStuck: watch.inFlight.some((call) => LANES[call.lane] === 'control' && call.verdict >= VERDICT.stuck),
  };
}

import type { GpuIdentity } from '../model/gpu-identity.js';
import type { StuckCall } from '../model/node-state.js';
import { gpuOfCall } from '../model/stuck-call.js';
import type { InFlightSnapshot, Snapshot } from '../native/addon.js';
import { CALLS } from '../native/calls.generated.js';
import { excludes } from '../native/exclusion.js';
import { type Fleet, shownMember } from '../native/fleet.js';
import { LANES, VERDICT } from '../native/member-view.js';
import type { Moment } from './age.js';
import { known } from './age.js';

/**
 * Calls of one sampler that are slow or stuck. A sampler that left but for a sleeping thread keeps its last word.
 * `gpuAt` = which GPU stands at an index in that sampler, and where it stands now.
 */
export function stuckCallsOf(
  samplerPid: number,
  snapshot: Snapshot,
  gpuAt: (gpuIndex: number) => GpuIdentity,
  moment: Moment,
): readonly StuckCall[] {
  return snapshot.watch.inFlight.flatMap((call) => stuckCall(samplerPid, call, gpuAt, moment) ?? []);
}

/**
 * The calls that say how things are now: those of the shown sampler, and those of older ones only where the shown one
 * does not look. A sampler asleep for ever in a driver that answers its successor is evidence of what was, no more.
 * Without a shown sampler nobody reads, and every call counts.
 */
export function callsInForce(fleet: Fleet, calls: readonly StuckCall[]): readonly StuckCall[] {
  const shown = shownMember(fleet);
  if (shown === undefined) return calls;
  const older = new Set(
    fleet.members.filter(({ generation }) => generation < shown.generation).map((member) => member.pid),
  );
  return calls.filter((call) => {
    if (call.samplerPid === shown.pid) return true;
    if (!older.has(call.samplerPid)) return false;
    const gpu = gpuOfCall(call);
    // Lanes beside the GPUs' are left out only by a sampler that does not touch the driver; HAMi files it reads too.
    if (gpu === undefined) return call.lane !== 'hami' && shown.exclusion === 'all';
    return excludes(shown.exclusion, gpu);
  });
}

function stuckCall(
  samplerPid: number,
  call: InFlightSnapshot,
  gpuAt: (gpuIndex: number) => GpuIdentity,
  moment: Moment,
): StuckCall | undefined {
  const lane = LANES[call.lane];
  if (lane === undefined || call.verdict < VERDICT.slow) return undefined;
  const gpu = lane === 'gpu' ? gpuAt(call.gpuIndex) : undefined;
  return {
    samplerPid,
    lane,
    gpuIndex: gpu?.index,
    gpuUuid: gpu?.uuid,
    gpuPciBusId: gpu?.pciBusId,
    function: CALLS[call.call]?.symbol ?? `call ${call.call}`,
    verdict: call.verdict >= VERDICT.stuck ? 'stuck' : 'slow',
    seconds: Math.max(0, moment.monotonicSeconds - call.sinceMonotonicNs / 1e9),
    tid: call.tid,
    threadState: known(call.threadState),
    wchan: known(call.wchan),
    syscallNumber: call.syscallNumber < 0 ? undefined : call.syscallNumber,
  };
}

import type { StuckCall } from '../model/node-state.js';
import type { InFlightSnapshot, Snapshot } from '../native/addon.js';
import { CALLS } from '../native/calls.generated.js';
import { LANES, VERDICT } from '../native/member-view.js';
import type { Moment } from './age.js';
import { known } from './age.js';

/** Calls of one sampler that are slow or stuck. A sampler that left but for a sleeping thread keeps its last word. */
export function stuckCallsOf(
  samplerPid: number,
  snapshot: Snapshot,
  uuidOf: (gpuIndex: number) => string | undefined,
  moment: Moment,
): readonly StuckCall[] {
  return snapshot.watch.inFlight.flatMap((call) => stuckCall(samplerPid, call, uuidOf, moment) ?? []);
}

function stuckCall(
  samplerPid: number,
  call: InFlightSnapshot,
  uuidOf: (gpuIndex: number) => string | undefined,
  moment: Moment,
): StuckCall | undefined {
  const lane = LANES[call.lane];
  if (lane === undefined || call.verdict < VERDICT.slow) return undefined;
  return {
    samplerPid,
    lane,
    gpuIndex: lane === 'gpu' ? call.gpuIndex : undefined,
    gpuUuid: lane === 'gpu' ? uuidOf(call.gpuIndex) : undefined,
    function: CALLS[call.call]?.symbol ?? `call ${call.call}`,
    verdict: call.verdict >= VERDICT.stuck ? 'stuck' : 'slow',
    seconds: Math.max(0, moment.monotonicSeconds - call.sinceMonotonicNs / 1e9),
    tid: call.tid,
    threadState: known(call.threadState),
    wchan: known(call.wchan),
    syscallNumber: call.syscallNumber < 0 ? undefined : call.syscallNumber,
  };
}

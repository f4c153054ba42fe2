import type { GpuIdentity } from '../model/gpu-identity.js';
import type { SamplerProcess, Sampling, StuckCall } from '../model/node-state.js';
import type { Exclusion } from '../native/exclusion.js';
import { type Fleet, isAsleep, type Member, shownMember } from '../native/fleet.js';
import type { Moment } from './age.js';

/** What the view of the samplers is made of. */
export interface SamplingParts {
  readonly fleet: Fleet;
  /** Seconds of the process clock, on which the fleet's times are. */
  readonly processSeconds: number;
  readonly moment: Moment;
  readonly stuckCalls: readonly StuckCall[];
  /** Monotonic seconds of the shown sampler's last tick. */
  readonly lastTickSeconds: number | undefined;
  /** Age at which a tick counts as none: that at which readings are dropped. */
  readonly staleAfterSeconds: number;
  readonly limitReached: string | undefined;
  readonly cycleSeconds: number;
  /** What to call a GPU, by all that is known of it now. */
  readonly nameOf: (gpu: GpuIdentity) => string;
}

/** The agent's view of its samplers. */
export function samplingOf(parts: SamplingParts): Sampling {
  const { fleet, processSeconds, moment, nameOf } = parts;
  const toUnix = (seconds: number) => moment.unixSeconds + (seconds - processSeconds);
  const names = (exclusion: Exclusion) => (exclusion === 'all' ? ['all'] : exclusion.map(nameOf));
  return {
    ...stateOf(parts),
    processes: fleet.members.map(
      (member): SamplerProcess => ({
        pid: member.pid,
        generation: member.generation,
        role: roleOf(member, fleet, processSeconds),
        excluded: names(member.exclusion),
        startedUnixSeconds: toUnix(member.startedAtSeconds),
      }),
    ),
    stuckCalls: parts.stuckCalls,
    released: fleet.released.map(({ gpu, untilSeconds }) => ({
      gpu: gpu === 'all' ? 'all' : nameOf(gpu),
      untilUnixSeconds: untilSeconds === undefined ? undefined : toUnix(untilSeconds),
    })),
    ageSeconds: tickAgeSeconds(parts),
    cycleSeconds: parts.cycleSeconds,
    restarts: fleet.restarts,
  };
}

function tickAgeSeconds({ lastTickSeconds, moment }: SamplingParts): number | undefined {
  return lastTickSeconds === undefined ? undefined : Math.max(0, moment.monotonicSeconds - lastTickSeconds);
}

/**
 * Seconds without a tick of any shown sampler, once that is longer than readings are kept. Undefined while one ticks,
 * and before the first tick.
 */
export function silentSeconds(parts: SamplingParts): number | undefined {
  const age = tickAgeSeconds(parts);
  return age === undefined || age <= parts.staleAfterSeconds ? undefined : age;
}

function roleOf(member: Member, fleet: Fleet, processSeconds: number): SamplerProcess['role'] {
  if (member.askedAtSeconds !== undefined) return isAsleep(member, processSeconds) ? 'stuck' : 'leaving';
  return member.generation === fleet.shownGeneration ? 'active' : 'starting';
}

function stateOf(parts: SamplingParts): Pick<Sampling, 'state' | 'reason'> {
  const { fleet, lastTickSeconds, limitReached } = parts;
  const silent = silentSeconds(parts);
  if (silent !== undefined) {
    const why = limitReached ?? fleet.failure;
    const reason = `no sampler has told anything for ${Math.round(silent)} s`;
    return { state: 'unavailable', reason: why === undefined ? reason : `${reason}: ${why}` };
  }
  if (fleet.released.some((one) => one.gpu === 'all')) {
    return { state: 'released', reason: 'all GPUs were handed back by release; resume takes them up again' };
  }
  const shown = shownMember(fleet);
  if (limitReached !== undefined)
    return { state: shown === undefined ? 'unavailable' : 'running', reason: limitReached };
  if (shown === undefined) {
    const reason = fleet.failure ?? 'no sampler has been started yet';
    // After a death the next one is there in a moment, and until then what was read is still fresh.
    const starting = fleet.failure === undefined || lastTickSeconds !== undefined;
    return { state: starting ? 'starting' : 'unavailable', reason };
  }
  if (lastTickSeconds === undefined)
    return { state: 'starting', reason: fleet.failure ?? 'the sampler has not published yet' };
  return { state: 'running', reason: undefined };
}

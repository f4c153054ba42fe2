import type { CallStatistics, Driver, SourceState } from '../model/node-state.js';
import type { GpuSnapshot, HamiSnapshot, Snapshot } from '../native/addon.js';
import { ageSeconds, type Moment } from './age.js';
import { roundsOf } from './round-log.js';

/** Name of the sweep in the call table: it is timed like a driver call. */
const HAMI_SWEEP = 'hami sweep';
/** Name of all calls of a GPU in one cycle. */
const GPU_CYCLE = 'gpu cycle';
/** Sweeps are seconds apart; after a minute their thread hangs or is gone. */
const OLD_SWEEP_SECONDS = 60;

/** What samplers said last, as far as it tells how their sources are. */
export interface SamplerNews {
  readonly moment: Moment;
  readonly driver: Driver;
  readonly calls: readonly CallStatistics[];
  /** Cycles that were due and not begun, over all samplers. */
  readonly cyclesSkipped: number;
  /** Undefined where no sampler has said anything, or the source is switched off. */
  readonly snapshot: Snapshot | undefined;
  readonly records: readonly GpuSnapshot[];
  readonly hami: HamiSnapshot | undefined;
}

/** Whether the sources that a sampler reads, driver and HAMi directories, answered in their last round. */
export function samplerSources(news: SamplerNews): readonly SourceState[] {
  return [nvmlSource(news), hamiSource(news)].filter((one) => one !== undefined);
}

/** Whether what a sweep found is too old to be shown as what is. */
export function isOldSweep(hami: HamiSnapshot, moment: Moment): boolean {
  const age = ageSeconds(moment, hami.sweptMonotonicNs);
  return age === undefined || age > OLD_SWEEP_SECONDS;
}

function nvmlSource({ snapshot, driver, records, calls, cyclesSkipped, moment }: SamplerNews): SourceState | undefined {
  if (snapshot === undefined) return undefined;
  const ok = driver.state === 'initialized';
  return {
    name: 'nvml',
    ok,
    lastAnswerUnixSeconds: unixSecondsOf(snapshot.watch.tickMonotonicNs, moment),
    durationSeconds: Math.max(0, ...records.map((gpu) => gpu.gatherDurationNs)) / 1e9,
    message: ok ? undefined : driver.message,
    rounds: roundsOf(callNamed(GPU_CYCLE, calls), cyclesSkipped > 0 ? { late: cyclesSkipped } : {}),
  };
}

function hamiSource({ hami, calls, moment }: SamplerNews): SourceState | undefined {
  const sweep = callNamed(HAMI_SWEEP, calls);
  const durationSeconds = meanSeconds(sweep);
  if (hami === undefined || durationSeconds === undefined) return undefined;
  const ok = !isOldSweep(hami, moment);
  return {
    name: 'hami',
    ok,
    lastAnswerUnixSeconds: unixSecondsOf(hami.sweptMonotonicNs, moment),
    durationSeconds,
    message: ok ? undefined : 'the last sweep of the HAMi directories is old',
    rounds: roundsOf(sweep),
  };
}

function callNamed(name: string, calls: readonly CallStatistics[]): CallStatistics | undefined {
  return calls.find((call) => call.function === name);
}

function unixSecondsOf(monotonicNs: number, moment: Moment): number | undefined {
  const age = ageSeconds(moment, monotonicNs);
  return age === undefined ? undefined : moment.unixSeconds - age;
}

/** Mean duration of a call since the agent started; undefined when it never ended. */
function meanSeconds(call: CallStatistics | undefined): number | undefined {
  const count = call?.durationBuckets.at(-1) ?? 0;
  return call === undefined || count === 0 ? undefined : call.durationSumSeconds / count;
}

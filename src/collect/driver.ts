import type { Driver, KernelModule } from '../model/node-state.js';
import { NODE_READING_TABLE, Readings, reasonName } from '../model/readings.js';
import type { DriverSnapshot } from '../native/addon.js';
import { MOST_GPUS } from '../native/calls.generated.js';
import { DRIVER_STATES } from '../native/member-view.js';
import { known } from './age.js';

/** CUDA's 1000 × major + 10 × minor as `12.4`; 0 = not known. */
function cudaVersion(number: number): string | undefined {
  return number === 0 ? undefined : `${Math.floor(number / 1000)}.${Math.floor((number % 1000) / 10)}`;
}

/**
 * Library and kernel driver as the shown sampler sees them; before the first, `starting`. Without a tick for longer than
 * readings are kept, what the last one said is its versions and no state: `silentSeconds` is then how long. `kernelModule`
 * is what procfs tells of the loaded module.
 */
export function driverOf(
  snapshot: DriverSnapshot | undefined,
  silentSeconds?: number,
  kernelModule?: KernelModule,
): Driver {
  const state = silentSeconds === undefined ? (DRIVER_STATES[snapshot?.state ?? 0] ?? 'failed') : 'unknown';
  return {
    state,
    lastCode: snapshot?.lastCode ?? 0,
    message: messageOf(state, snapshot, silentSeconds),
    libraryPath: known(snapshot?.libraryPath ?? ''),
    librarySoname: known(snapshot?.librarySoname ?? ''),
    libraryVersion: known(snapshot?.libraryVersion ?? ''),
    moduleVersion: known(snapshot?.moduleVersion ?? ''),
    kernelModule: known(snapshot?.moduleVersion ?? '') === undefined ? undefined : kernelModule,
    driverVersion: known(snapshot?.driverVersion ?? ''),
    nvmlVersion: known(snapshot?.nvmlVersion ?? ''),
    cudaVersion: cudaVersion(snapshot?.cudaDriverVersion ?? 0),
    gpuCount: state === 'initialized' ? snapshot?.gpuCount : undefined,
    gpusUnread: unreadOf(state === 'initialized' ? (snapshot?.gpuCount ?? 0) : 0),
    symbolsMissing: snapshot?.symbolsMissing ?? 0,
    foreignSymbols: snapshot?.foreignSymbols ?? 0,
    initAttempts: snapshot?.initAttempts ?? 0,
    reinitializations: snapshot?.reinitializations ?? 0,
    reinitializationsByReason: countsByReason(snapshot?.reinitsByCode ?? []),
    readings:
      state === 'initialized' && snapshot !== undefined
        ? new Readings(NODE_READING_TABLE, snapshot.values, snapshot.status)
        : Readings.none(NODE_READING_TABLE),
  };
}

function unreadOf(gpuCount: number): number | undefined {
  return gpuCount > MOST_GPUS ? gpuCount - MOST_GPUS : undefined;
}

/** Counts by the name of the NVML code; as records.h has them: codes 0–30, 999, any other. */
export function countsByReason(counts: readonly number[]): Readonly<Record<string, number>> {
  const byReason: Record<string, number> = {};
  counts.forEach((count, slot) => {
    const reason = slot === counts.length - 1 ? 'other' : reasonName(slot === counts.length - 2 ? 999 : slot);
    if (count > 0) byReason[reason] = (byReason[reason] ?? 0) + count;
  });
  return byReason;
}

/** What is said of the driver where the configuration switched it off: nobody opens the library or a device. */
export const DRIVER_LEFT_ALONE: Driver = {
  ...driverOf(undefined),
  state: 'unused',
  message: 'reading GPUs through NVML is switched off (--collector.nvml=false)',
};

function messageOf(
  state: Driver['state'],
  snapshot: DriverSnapshot | undefined,
  silentSeconds: number | undefined,
): string | undefined {
  if (silentSeconds !== undefined) return `no sampler has told anything for ${Math.round(silentSeconds)} s`;
  return state === 'initialized' || snapshot === undefined ? undefined : known(snapshot.message);
}

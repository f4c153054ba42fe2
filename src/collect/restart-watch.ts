import type { Recovery } from '../model/fault.js';
import type { Driver } from '../model/node-state.js';
import { readingIndex } from '../model/readings.js';
import type { GpuSnapshot } from '../native/addon.js';

const ENERGY = readingIndex('energy_joules_total');

/**
 * Notices that a GPU began anew: the driver's counters start over with a reset and with a new load of the driver
 * (nvml.md §12), the energy counter among them, which otherwise only grows.
 */
export class RestartWatch {
  private readonly energies = new Map<string, number>();
  private driverWasAway = false;

  constructor(private readonly told: (recovery: Recovery, uuid?: string) => void) {}

  /** Looks at what a sampler read of all GPUs. */
  look(records: readonly GpuSnapshot[], atUnixSeconds: number): void {
    for (const { uuid, status, values } of records) {
      const energy = values[ENERGY];
      if (uuid === '' || status[ENERGY] !== 0 || energy === undefined) continue;
      const before = this.energies.get(uuid);
      this.energies.set(uuid, energy);
      if (before !== undefined && energy < before) this.told({ by: 'gpu_reset', atUnixSeconds }, uuid);
    }
  }

  /** Takes in what the driver is now: one that was not loaded and is again has begun anew. */
  driverIs(state: Driver['state'] | undefined, atUnixSeconds: number): void {
    if (state === 'not_loaded') this.driverWasAway = true;
    if (state !== 'initialized' || !this.driverWasAway) return;
    this.driverWasAway = false;
    this.told({ by: 'driver_load', atUnixSeconds });
  }
}

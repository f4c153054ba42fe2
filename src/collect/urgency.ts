import type { Snapshot } from '../native/addon.js';
import { VERDICT } from '../native/member-view.js';

/**
 * Which of a sampler's wake-ups do not wait for the next look of the rules: a driver event, or another set of calls that
 * are slow or stuck than before. A call that is merely under way, as the wait for events always is, is no news.
 */
export class Urgency {
  private readonly hanging = new Map<number, string>();

  /** Takes in what a sampler of a generation says now. */
  isUrgent(generation: number, { events, watch }: Snapshot): boolean {
    const now = watch.inFlight
      .filter(({ verdict }) => verdict !== VERDICT.inFlight)
      .map(({ lane, gpuIndex, call, verdict }) => `${lane} ${gpuIndex} ${call} ${verdict}`)
      .join(', ');
    const before = this.hanging.get(generation) ?? '';
    if (now === '') this.hanging.delete(generation);
    else this.hanging.set(generation, now);
    return events.length > 0 || now !== before;
  }
}

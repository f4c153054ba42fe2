import { expect, it } from 'vitest';
import { Urgency } from '../../src/collect/urgency.js';
import type { Snapshot } from '../../src/native/addon.js';
import { VERDICT } from '../../src/native/member-view.js';
import { DRIVER, eventRecord, WATCH } from './records.js';

const call = (verdict: number) =>
  ({ lane: 2, gpuIndex: 0, call: 7, verdict }) as unknown as Snapshot['watch']['inFlight'][number];
const says = (verdicts: readonly number[], events: Snapshot['events'] = []): Snapshot => ({
  driver: DRIVER,
  watch: { ...WATCH, inFlight: verdicts.map(call) },
  gpuStates: new Float64Array(),
  events,
  eventsLost: 0,
});

it('an event is news, and so is a call that becomes slow, stuck, or comes back; one under way is not', () => {
  const urgency = new Urgency();
  const { inFlight, slow, stuck } = VERDICT;
  const cycles = [[], [inFlight], [inFlight, slow], [slow], [stuck], [stuck, inFlight], [inFlight], []];
  expect(cycles.map((verdicts) => urgency.isUrgent(1, says(verdicts)))).toEqual([
    false,
    false,
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
  expect(urgency.isUrgent(1, says([inFlight], [eventRecord(1, 79, 100)]))).toBe(true);
});

it('what one sampler waits for is no news of another', () => {
  const urgency = new Urgency();
  expect(urgency.isUrgent(1, says([VERDICT.stuck]))).toBe(true);
  expect(urgency.isUrgent(2, says([]))).toBe(false);
  expect(urgency.isUrgent(1, says([VERDICT.stuck]))).toBe(false);
});

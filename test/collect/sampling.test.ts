import { describe, expect, it } from 'vitest';
import { type SamplingParts, samplingOf } from '../../src/collect/sampling.js';
import { gpuName } from '../../src/model/gpu-identity.js';
import { EMPTY_FLEET, noteFailure, noteStarted, noteView, withMember } from '../../src/native/fleet.js';
import { UNSEEN } from '../../src/native/member-view.js';

const gpu = (index: number) => ({ index, uuid: undefined, pciBusId: undefined });
const started = noteStarted(EMPTY_FLEET, { pid: 77, exclusion: [] }, 100, 5000);
const shown = { ...started, shownGeneration: 1 };

const parts = (change: Partial<SamplingParts>): SamplingParts => ({
  fleet: shown,
  processSeconds: 110,
  moment: { monotonicSeconds: 5010, unixSeconds: 1_700_000_010 },
  stuckCalls: [],
  lastTickSeconds: 5009.5,
  staleAfterSeconds: 10,
  limitReached: undefined,
  cycleSeconds: 1,
  nameOf: (gpu) => (gpu.index === 3 ? 'GPU-3' : gpuName(gpu)),
  ...change,
});

describe('the agent’s view of its samplers', () => {
  it('tells the age of the last tick and the start in Unix time', () => {
    expect(samplingOf(parts({}))).toMatchObject({
      state: 'running',
      ageSeconds: 0.5,
      processes: [{ pid: 77, role: 'active', startedUnixSeconds: 1_700_000_000 }],
    });
  });

  it('is starting until something was published, and says why it is not', () => {
    expect(samplingOf(parts({ lastTickSeconds: undefined }))).toMatchObject({
      state: 'starting',
      ageSeconds: undefined,
    });
    const failed = noteFailure(EMPTY_FLEET, 'the sampler could not be started: ENOENT', 100);
    expect(samplingOf(parts({ fleet: failed, lastTickSeconds: undefined }))).toMatchObject({
      state: 'unavailable',
      reason: 'the sampler could not be started: ENOENT',
    });
  });

  it('is starting for a moment after a death, and unavailable once readings are dropped', () => {
    const dead = noteFailure(EMPTY_FLEET, 'the sampler ended by itself (signal 9)', 100);
    expect(samplingOf(parts({ fleet: dead }))).toMatchObject({ state: 'starting', reason: expect.stringMatching(/9/) });
    expect(samplingOf(parts({ fleet: dead, lastTickSeconds: 4990 }))).toMatchObject({
      state: 'unavailable',
      reason: 'no sampler has told anything for 20 s: the sampler ended by itself (signal 9)',
    });
    // One that is there and tells nothing is no better.
    expect(samplingOf(parts({ lastTickSeconds: 4990 })).state).toBe('unavailable');
  });

  it('tells one that leaves from one that cannot', () => {
    const asked = withMember(shown, 1, { askedAtSeconds: 109.5 });
    expect(samplingOf(parts({ fleet: asked })).processes[0]?.role).toBe('leaving');
    const asleep = noteView(asked, 1, { ...UNSEEN, stuckGpus: new Map([[3, gpu(3)]]) }, 110, 5010);
    expect(samplingOf(parts({ fleet: asleep })).processes[0]?.role).toBe('stuck');
    expect(samplingOf(parts({ fleet: asked, processSeconds: 113 })).processes[0]?.role).toBe('stuck');
  });

  it('names released GPUs by UUID where it is known, and when they come back', () => {
    const released = [
      { gpu: gpu(3), sinceSeconds: 100, untilSeconds: 170 },
      { gpu: gpu(4), sinceSeconds: 100, untilSeconds: undefined },
    ];
    expect(samplingOf(parts({ fleet: { ...shown, released } }))).toMatchObject({
      state: 'running',
      released: [
        { gpu: 'GPU-3', untilUnixSeconds: 1_700_000_070 },
        { gpu: '4', untilUnixSeconds: undefined },
      ],
    });
  });
});

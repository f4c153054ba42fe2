import { describe, expect, it } from 'vitest';
import { callsInForce } from '../../src/collect/stuck-calls.js';
import type { StuckCall } from '../../src/model/node-state.js';
import type { Exclusion } from '../../src/native/exclusion.js';
import { EMPTY_FLEET, type Fleet, noteStarted } from '../../src/native/fleet.js';

const call = (samplerPid: number, lane: StuckCall['lane'], gpuIndex?: number): StuckCall => ({
  samplerPid,
  lane,
  gpuIndex,
  gpuUuid: gpuIndex === undefined ? undefined : `GPU-${gpuIndex}`,
  gpuPciBusId: undefined,
  function: 'nvmlDeviceGetPowerUsage',
  verdict: 'stuck',
  seconds: 100,
  tid: 1,
  threadState: 'D',
  wchan: undefined,
  syscallNumber: undefined,
});

/** Samplers 101, 102 … by what they leave out; the one of `shownGeneration` is shown. */
function fleetOf(shownGeneration: number | undefined, ...exclusions: Exclusion[]): Fleet {
  const fleet: Fleet = exclusions.reduce(
    (before, exclusion, index) => noteStarted(before, { pid: 101 + index, exclusion }, 0, 0),
    EMPTY_FLEET,
  );
  return { ...fleet, shownGeneration };
}

describe('calls in force', () => {
  const ofA = [call(101, 'control'), call(101, 'events'), call(101, 'hami'), call(101, 'gpu', 0), call(101, 'gpu', 3)];

  it('are all calls of the shown sampler', () => {
    expect(callsInForce(fleetOf(1, []), ofA)).toEqual(ofA);
  });

  it('are none of a sampler that sleeps in what its successor reads', () => {
    expect(callsInForce(fleetOf(2, [], []), ofA)).toEqual([]);
  });

  it('are those of an older sampler in a GPU that the shown one leaves out', () => {
    expect(callsInForce(fleetOf(2, [], [{ index: 2, uuid: 'GPU-3', pciBusId: undefined }]), ofA)).toEqual([
      call(101, 'gpu', 3),
    ]);
  });

  it('are those of an older sampler in the driver while nobody touches it', () => {
    expect(callsInForce(fleetOf(2, [], 'all'), ofA)).toEqual(ofA.filter(({ lane }) => lane !== 'hami'));
  });

  it('are none of a successor that is not shown yet', () => {
    expect(callsInForce(fleetOf(1, [], []), [call(102, 'control')])).toEqual([]);
  });

  it('are all while no sampler is shown', () => {
    expect(callsInForce(fleetOf(undefined, []), ofA)).toEqual(ofA);
  });
});

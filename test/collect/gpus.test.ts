import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/collect/events.js';
import { type GpuContext, gpuOf } from '../../src/collect/gpus.js';
import type { StuckCall } from '../../src/model/node-state.js';
import { GATHERED_SECONDS, gpuRecord } from './records.js';

const quiet = new EventLog();

function context(secondsLater: number, change: Partial<GpuContext> = {}): GpuContext {
  return {
    moment: { monotonicSeconds: GATHERED_SECONDS + secondsLater, unixSeconds: 1.7e9 + secondsLater },
    staleAfterSeconds: 10,
    stuckCalls: [],
    released: [],
    setAside: [],
    historyOf: (uuid, index) => quiet.historyOf(uuid, index),
    ...change,
  };
}

const stuck: StuckCall = {
  samplerPid: 77,
  lane: 'gpu',
  gpuIndex: 0,
  gpuUuid: undefined,
  gpuPciBusId: '0000:65:00.0',
  function: 'nvmlDeviceGetPowerUsage',
  verdict: 'stuck',
  seconds: 4.2,
  tid: 80,
  threadState: 'D',
  wchan: undefined,
  syscallNumber: undefined,
};

describe('a GPU', () => {
  it('has its readings while they are fresh, and only those the driver gave', () => {
    const gpu = gpuOf(gpuRecord(0, { power_watts: 300 }), context(1));
    expect(gpu.condition).toBe('up');
    expect(gpu.ageSeconds).toBe(1);
    expect(gpu.readings.get('power_watts')).toBe(300);
    expect(gpu.readings.get('temperature_celsius')).toBeUndefined();
    expect(gpu.readings.absence('temperature_celsius')).toBe('not_supported');
    expect(gpu.pciBusId).toBe('0000:65:00.0');
    expect(gpu.serial).toBeUndefined();
  });

  it('keeps its name and loses every reading and process when the last cycle is too old', () => {
    const record = gpuRecord(
      0,
      { power_watts: 300 },
      { processTotal: 1, processes: [{ pid: 1, type: 0, usedMemoryBytes: 5, gpuInstance: 0, computeInstance: 0 }] },
    );
    const gpu = gpuOf(record, context(10.5));
    expect(gpu).toMatchObject({ condition: 'stale', processes: [], processTotal: 0, name: 'NVIDIA H100' });
    expect(gpu.conditionReason).toMatch(/11 s old|10 s old/);
    expect(gpu.readings.get('power_watts')).toBeUndefined();
  });

  it('is stuck when a call of any sampler hangs in it, and says which', () => {
    const gpu = gpuOf(gpuRecord(0, { power_watts: 300 }, { state: 5 }), context(1, { stuckCalls: [stuck] }));
    expect(gpu.condition).toBe('stuck');
    expect(gpu.conditionReason).toContain('nvmlDeviceGetPowerUsage has not come back for 4 s');
    expect(gpu.readings.get('power_watts')).toBeUndefined();
  });

  it('is not stuck for the stuck call of another', () => {
    expect(gpuOf(gpuRecord(1), context(1, { stuckCalls: [stuck] })).condition).toBe('up');
  });

  it('handed back is told apart from left out', () => {
    expect(gpuOf(gpuRecord(0), context(1, { released: 'all' })).conditionReason).toBe('handed back by release');
    const setAside = [{ gpu: { index: 7, uuid: undefined, pciBusId: '0000:65:00.0' }, lastCall: stuck }];
    const left = gpuOf(gpuRecord(0, {}, { state: 5 }), context(1, { setAside }));
    expect(left.condition).toBe('stuck');
    expect(left.conditionReason).toBe('left out for a while: nvmlDeviceGetPowerUsage did not come back in time');
  });

  it('handed back is the one of that UUID, wherever it stands', () => {
    const released = [{ index: 0, uuid: gpuRecord(1).uuid, pciBusId: undefined }];
    expect(gpuOf(gpuRecord(0), context(1, { released })).condition).toBe('up');
    expect(gpuOf(gpuRecord(1), context(1, { released })).conditionReason).toBe('handed back by release');
  });

  it('left out because it may be another says so', () => {
    const doubtful = gpuRecord(0, {}, { state: 5, excludedInDoubt: true, uuid: '' });
    expect(gpuOf(doubtful, context(1)).conditionReason).toMatch(/^left out because it may be a GPU that is not to be/);
  });

  it('that is lost says what the driver answered', () => {
    const gpu = gpuOf(gpuRecord(0, {}, { state: 2, stateCode: 15 }), context(1));
    expect(gpu).toMatchObject({
      condition: 'lost',
      conditionReason: 'the GPU is lost; the driver answered gpu_is_lost (15)',
    });
  });

  it('never read has no age', () => {
    const gpu = gpuOf(gpuRecord(0, {}, { state: 0, gatheredMonotonicNs: 0, gatheredRealtimeNs: 0 }), context(1));
    expect(gpu).toMatchObject({ condition: 'attaching', ageSeconds: undefined, lastCollectionUnixSeconds: undefined });
  });

  it('turns what the driver does not know into absence', () => {
    const record = gpuRecord(
      0,
      {},
      {
        processTotal: 2,
        processes: [
          { pid: 1, type: 2, usedMemoryBytes: -1, gpuInstance: 0xffffffff, computeInstance: 0xffffffff },
          { pid: 2, type: 1, usedMemoryBytes: 0, gpuInstance: 3, computeInstance: 0 },
        ],
      },
    );
    expect(gpuOf(record, context(0)).processes).toEqual([
      { pid: 1, type: 'mps', usedMemoryBytes: undefined, gpuInstance: undefined, computeInstance: undefined },
      { pid: 2, type: 'graphics', usedMemoryBytes: 0, gpuInstance: 3, computeInstance: 0 },
    ]);
  });
});

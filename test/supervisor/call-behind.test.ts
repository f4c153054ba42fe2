import { expect, test } from 'vitest';
import type { StuckCall } from '../../src/model/node-state.js';
import { callBehind } from '../../src/native/release.js';

const GPU = { index: 3, uuid: 'GPU-51000000-0000-0000-0000-000000000003', pciBusId: '0000:43:00.0' };

function call(about: Partial<StuckCall>): StuckCall {
  return {
    samplerPid: 100,
    lane: 'gpu',
    gpuIndex: 5,
    gpuUuid: 'GPU-51000000-0000-0000-0000-000000000005',
    gpuPciBusId: '0000:45:00.0',
    function: 'nvmlDeviceGetMemoryInfo_v2',
    verdict: 'stuck',
    seconds: 9,
    tid: 105,
    threadState: 'D',
    wchan: undefined,
    syscallNumber: undefined,
    ...about,
  };
}

const none = { gpuIndex: undefined, gpuUuid: undefined, gpuPciBusId: undefined };
const own = call({ gpuIndex: 3, gpuUuid: GPU.uuid, gpuPciBusId: GPU.pciBusId, tid: 103 });
const ofAnother = call({});
const ofTheDriver = call({ lane: 'control', ...none, tid: 101 });

test('a handle of a GPU is kept by a call about that GPU, also by a slow one', () => {
  expect(callBehind([ofAnother, ofTheDriver, own], GPU)).toBe(own);
  const slow = { ...own, verdict: 'slow' } as const;
  expect(callBehind([ofAnother, ofTheDriver, slow], GPU)).toBe(slow);
});

test('without one of its own, a call about the whole driver keeps it, then one about another GPU', () => {
  expect(callBehind([ofAnother, ofTheDriver], GPU)).toBe(ofTheDriver);
  expect(callBehind([{ ...ofAnother, verdict: 'slow' }, ofAnother], GPU)).toBe(ofAnother);
  // While a whole driver hangs some calls are still only slow: what is told is one that is certain.
  expect(callBehind([{ ...ofTheDriver, verdict: 'slow' }, ofAnother], GPU)).toBe(ofAnother);
});

test('of a handle of no GPU the whole driver is to blame first; without a call nobody is', () => {
  expect(callBehind([own, ofTheDriver], undefined)).toBe(ofTheDriver);
  expect(callBehind([], GPU)).toBeUndefined();
});

test('a thread that can be killed keeps nothing while another sleeps uninterruptibly', () => {
  const killable = { ...own, threadState: 'S' };
  expect(callBehind([killable, ofAnother], GPU)).toBe(ofAnother);
  expect(callBehind([{ ...ofTheDriver, threadState: 'S' }, killable], GPU)).toBe(killable);
});

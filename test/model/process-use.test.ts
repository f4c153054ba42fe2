import { expect, it } from 'vitest';
import type { Gpu } from '../../src/model/gpu.js';
import { processesOf } from '../../src/model/gpu-process.js';
import { smRatioOf, smRatioOfAll } from '../../src/model/process-use.js';
import { gpu, partition, readings, runningState } from '../http/node-states.js';
import { processUse } from '../metrics/states.js';

function process(pid: number, type: 'compute' | 'mps' = 'compute') {
  return { pid, type, usedMemoryBytes: 1, gpuInstance: undefined, computeInstance: undefined };
}

const sampled = readings({ process_utilization_samples: 1 });
const ratios = (one: Gpu) => one.processes.map(({ pid }) => smRatioOf(one, pid));

it('a process without a sample was idle, where the driver samples processes', () => {
  const plain = { processes: [process(7), process(8)], processUses: [processUse(7, 0.5)] };
  expect(ratios(gpu(0, { ...plain, readings: sampled }))).toEqual([0.5, 0]);
  expect(ratios(gpu(0, plain))).toEqual([undefined, undefined]);
  expect(ratios(gpu(0, { ...plain, readings: sampled, condition: 'stale' }))).toEqual([undefined, undefined]);
});

it('where MPS is at work only those are told whom the driver samples, be it the server or its clients', () => {
  const processes = [process(1), process(7, 'mps'), process(8, 'mps')];
  const on = (...processUses: Gpu['processUses']) => gpu(0, { processes, processUses, readings: sampled });
  expect(ratios(on(processUse(1, 0.75)))).toEqual([0.75, undefined, undefined]);
  expect(ratios(on(processUse(7, 0.5), processUse(8, 0.25)))).toEqual([undefined, 0.5, 0.25]);
  expect(smRatioOfAll(on(processUse(7, 0.5), processUse(8, 0.25)), [7, 8])).toBe(0.75);
  expect(smRatioOfAll(on(processUse(7, 0.5)), [7, 8])).toBeUndefined();
});

it('what cannot be is not taken for idle', () => {
  const processUses = [{ ...processUse(7, 0), smRatio: undefined }];
  expect(ratios(gpu(0, { processes: [process(7)], processUses, readings: sampled }))).toEqual([undefined]);
});

it('lists of processes say the same as the metrics, also of documents', () => {
  const one = gpu(0, { processes: [process(7), process(8)], processUses: [processUse(7, 0.5)], readings: sampled });
  const state = runningState({ gpus: [one], partitions: [partition(0)] });
  expect(processesOf(state).map(({ smRatio }) => smRatio)).toEqual([0.5, 0]);
  const document = { ...state, gpus: [{ ...one, readings: { process_utilization_samples: 1 } }] };
  expect(processesOf(document).map(({ smRatio }) => smRatio)).toEqual([0.5, 0]);
});

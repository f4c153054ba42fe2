import { expect, it } from 'vitest';
import { type NodeOfProcesses, processesOf } from '../../src/model/gpu-process.js';
import { fullState, gpu, partition, podWorkload, runningState } from '../http/node-states.js';

const onGpu = (changes: Parameters<typeof gpu>[1]): NodeOfProcesses =>
  runningState({ gpus: [gpu(0, changes)], partitions: [partition(0)] });

it('a process that computes and draws is one, with its memory once', () => {
  const both = (['graphics', 'compute'] as const).map((type) => ({
    pid: 7,
    type,
    usedMemoryBytes: 100,
    gpuInstance: undefined,
    computeInstance: undefined,
  }));
  expect(processesOf(onGpu({ processes: both }))).toMatchObject([
    { pid: 7, types: ['compute', 'graphics'], usedMemoryBytes: 100, partitions: [partition(0).id] },
  ]);
});

it('a process in two MIG instances is in both', () => {
  const places = [2, 1].map((gpuInstance) => ({
    pid: 7,
    type: 'compute' as const,
    usedMemoryBytes: undefined,
    gpuInstance,
    computeInstance: 0,
  }));
  expect(processesOf(onGpu({ processes: places })).map(({ gpuInstance }) => gpuInstance)).toEqual([1, 2]);
});

it('a share is used by the process whose pid on the host its file lists', () => {
  const state = fullState();
  const [, share] = state.partitions;
  const process = {
    pid: 4242,
    type: 'compute' as const,
    usedMemoryBytes: 1,
    gpuInstance: undefined,
    computeInstance: undefined,
  };
  const [row] = processesOf({ ...state, workloads: [], gpus: [gpu(1, { processes: [process] })] });
  expect(row?.partitions).toEqual([share?.id]);
  expect([row?.name, row?.startedUnixSeconds, row?.workload]).toEqual(['python', 1_799_995_000.5, undefined]);
});

it('who holds a function that NVML does not see is listed with the function', () => {
  const vm = podWorkload({ id: 'vm-a', kind: 'vm', name: 'a', pids: [9], namedBy: 'cmdline' });
  const given = partition(0, {
    id: 'pci-0000:65:00.0',
    kind: 'passthrough',
    gpuUuid: undefined,
    gpuIndex: undefined,
    pciBusId: '0000:65:00.0',
    workloads: ['vm-a'],
  });
  const rows = processesOf(runningState({ gpus: [], partitions: [given], workloads: [vm] }));
  expect(rows).toMatchObject([
    {
      pid: 9,
      types: ['vfio'],
      pciBusId: '0000:65:00.0',
      partitions: [given.id],
      workload: { name: 'a', namedBy: 'cmdline' },
    },
  ]);
});

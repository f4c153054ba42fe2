import { expect, it } from 'vitest';
import type { Gpu } from '../../src/model/gpu.js';
import type { Partition } from '../../src/model/partition.js';
import { holdersText } from '../../src/model/partition-holders.js';
import { gpu, partition, podWorkload, readings } from '../http/node-states.js';

const pod = podWorkload();

function said(parts: readonly Partition[], of: Gpu = gpu(0)): readonly string[] {
  const node = { gpus: [of], partitions: parts, workloads: [pod] };
  return parts.map((part) => holdersText(part, node));
}

it('names who is on a partition, and says as much as is known of others', () => {
  expect(said([partition(0, { workloads: [pod.id, 'gone'] })])).toEqual([`${pod.name}, gone`]);
  expect(said([partition(0, { allocated: true })])).toEqual(['somebody unknown']);
  expect(said([partition(0, { allocated: false })])).toEqual(['nobody']);
  expect(said([partition(0)])).toEqual(['–']);
});

it('sends to the parts of a GPU, or of an instance, that are held', () => {
  const whole = partition(0, { allocated: true });
  const part = { ...whole, id: `${whole.id}/mps/a`, kind: 'mps', workloads: [pod.id] } as const;
  expect(said([whole, part])).toEqual(['shared, see its parts', pod.name]);
  const unnamed = { ...part, workloads: [] };
  expect(said([whole, unnamed])[1]).toBe('somebody unknown');

  const instance = partition(0, { id: 'MIG-1', kind: 'mig', migUuid: 'MIG-1', allocated: true });
  const other = partition(0, { id: 'MIG-2', kind: 'mig', migUuid: 'MIG-2', allocated: false });
  const turn = { ...instance, id: 'MIG-1/timeslice/a', kind: 'timeslice', workloads: [pod.id] } as const;
  expect(said([instance, turn, other])).toEqual(['shared, see its parts', pod.name, 'nobody']);
});

it('names who has the whole and sends to its parts for the others, each of whom is named once', () => {
  const server = { ...pod, id: 'unit-mps', name: 'nvidia-mps.service' };
  const whole = partition(0, { allocated: true, workloads: [server.id] });
  const part = { ...whole, id: `${whole.id}/mps/a`, kind: 'mps', workloads: [pod.id] } as const;
  const node = { gpus: [gpu(0)], partitions: [whole, part], workloads: [pod, server] };
  expect(node.partitions.map((one) => holdersText(one, node))).toEqual(['nvidia-mps.service, its parts', pod.name]);
});

it('does not say nobody where virtual machines run out of sight', () => {
  const host = gpu(0, { readings: readings({ virtualization_mode: 3 }) });
  expect(said([partition(0)], host)).toEqual(['virtual machines, if any (not told to the host)']);
  expect(said([partition(0, { workloads: [pod.id], allocated: true })], host)).toEqual([pod.name]);
  const released = gpu(0, { readings: readings({ virtualization_mode: 1 }) });
  expect(said([partition(0)], released)).toEqual(['–']);
});

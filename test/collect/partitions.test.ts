import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/collect/events.js';
import { gpuOf } from '../../src/collect/gpus.js';
import { gpuPartitions, passthroughPartitions } from '../../src/collect/partitions.js';
import type { SharingContext } from '../../src/collect/sharing.js';
import { Topology } from '../../src/collect/topology.js';
import type { Gpu } from '../../src/model/gpu.js';
import { MIG_INSTANCE_READINGS, readingIndex } from '../../src/model/readings.js';
import { pciFunction } from '../pci-function.js';
import { measured } from '../readings.js';
import { GATHERED_SECONDS, gpuRecord, migInstance } from './records.js';

const log = new EventLog();
const made = (record: ReturnType<typeof gpuRecord>): Gpu =>
  gpuOf(record, {
    moment: { monotonicSeconds: GATHERED_SECONDS, unixSeconds: 0 },
    staleAfterSeconds: 10,
    stuckCalls: [],
    released: [],
    setAside: [],
    historyOf: (uuid, index) => log.historyOf(uuid, index),
  });

const nobody = () => undefined;
const alone: SharingContext = { workloadOf: nobody, identityOf: nobody, shareHolders: new Set() };

describe('partitions of a GPU', () => {
  it('are the whole of it when it is not divided', () => {
    const gpu = made(gpuRecord(0, { memory_total_bytes: 80e9, memory_used_bytes: 2e9, compute_processes: 0 }));
    expect(gpuPartitions(gpu, alone)).toMatchObject([
      { id: gpu.uuid, kind: 'whole', memoryTotalBytes: 80e9, memoryUsedBytes: 2e9, allocated: false },
    ]);
  });

  it('do not say free when the process lists could not be read', () => {
    expect(gpuPartitions(made(gpuRecord(0)), alone)[0]?.allocated).toBeUndefined();
  });

  it.each(['graphics_processes', 'mps_processes'] as const)('do not say free when %s failed', (list) => {
    const record = gpuRecord(0, { compute_processes: 0 });
    record.status[readingIndex(list)] = 15;
    expect(gpuPartitions(made(record), alone)[0]?.allocated).toBeUndefined();
    // A board without such processes has none.
    record.status[readingIndex(list)] = 3;
    expect(gpuPartitions(made(record), alone)[0]?.allocated).toBe(false);
  });

  it.each([3, 4])('do not say free where virtual machines may run on them (mode %i)', (mode) => {
    const vacant = gpuRecord(0, { compute_processes: 0, virtualization_mode: mode });
    expect(gpuPartitions(made(vacant), alone)[0]?.allocated).toBeUndefined();
    const processes = [{ pid: 5, type: 0, usedMemoryBytes: 1, gpuInstance: 0xffffffff, computeInstance: 0xffffffff }];
    const used = gpuRecord(0, { compute_processes: 1, virtualization_mode: mode }, { processes, processTotal: 1 });
    expect(gpuPartitions(made(used), alone)[0]?.allocated).toBe(true);
  });

  it('are its MIG instances, each with its own processes and its part of the multiprocessors', () => {
    const readings = {
      mig_mode_enabled: 1,
      cuda_cores: 6912,
      compute_capability_major: 8,
      compute_capability_minor: 0,
      compute_processes: 1,
    };
    const gpu = made(
      gpuRecord(0, readings, {
        migInstances: [migInstance(0), migInstance(1)],
        processTotal: 1,
        processes: [{ pid: 5, type: 0, usedMemoryBytes: 1, gpuInstance: 2, computeInstance: 0 }],
      }),
    );
    const [first, second] = gpuPartitions(gpu, alone);
    expect(first).toMatchObject({
      id: 'MIG-0',
      kind: 'mig',
      profile: '3g.20gb',
      allocated: false,
      memoryUsedBytes: 1e9,
    });
    expect(first?.smLimitRatio).toBeCloseTo(42 / 108, 10);
    expect(second).toMatchObject({ id: 'MIG-1', allocated: true });
  });

  it('show the activity of their GPU instance, unless it is shared with another compute instance', () => {
    const active = (migIndex: number, gpuInstance: number, ratio: number) => ({
      ...migInstance(migIndex),
      gpuInstance,
      ...measured(MIG_INSTANCE_READINGS, { graphics_activity_ratio: ratio }),
    });
    const gpu = made(
      gpuRecord(
        0,
        { mig_mode_enabled: 1, utilization_ratio: 0.9 },
        {
          migInstances: [
            active(0, 1, 0.25),
            active(1, 2, 0.5),
            active(2, 2, 0.5),
            { ...migInstance(3), gpuInstance: 5 },
          ],
        },
      ),
    );
    expect(gpuPartitions(gpu, alone).map(({ utilizationRatio }) => utilizationRatio)).toEqual([
      0.25,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are neither held nor free while a process does not say in which instance it is', () => {
    const gpu = made(
      gpuRecord(
        0,
        { mig_mode_enabled: 1, compute_processes: 1 },
        {
          migInstances: [migInstance(0), migInstance(1)],
          processTotal: 1,
          processes: [{ pid: 5, type: 0, usedMemoryBytes: 1, gpuInstance: 0xffffffff, computeInstance: 0xffffffff }],
        },
      ),
    );
    expect(gpuPartitions(gpu, alone).map(({ allocated }) => allocated)).toEqual([undefined, undefined]);
  });

  it('are none in MIG mode without instances', () => {
    expect(gpuPartitions(made(gpuRecord(0, { mig_mode_enabled: 1 })), alone)).toEqual([]);
  });
});

describe('passed-through functions', () => {
  const functions = [
    pciFunction('0000:01:00.0', { deviceId: 1, driver: 'vfio-pci', iommuGroup: 3 }),
    pciFunction('0000:02:00.0', { deviceId: 1, driver: 'nvidia', iommuGroup: 4 }),
  ];
  it('are partitions, held or free as their VFIO handles say', () => {
    const of = (holders: readonly number[] | undefined) => passthroughPartitions(functions, () => holders, nobody);
    expect(of([7])).toMatchObject([{ id: 'pci-0000:01:00.0', kind: 'passthrough', allocated: true }]);
    expect(of([])[0]?.allocated).toBe(false);
    expect(of(undefined)[0]?.allocated).toBeUndefined();
  });
});

describe('the topology version', () => {
  it('grows with a new label and not with new numbers', () => {
    const topology = new Topology();
    const shape = (watts: number, name = 'a') => {
      const gpu = { ...made(gpuRecord(0, { power_watts: watts })), name };
      return topology.versionOf({
        driver: { driverVersion: '1' } as never,
        gpus: [gpu],
        partitions: gpuPartitions(gpu, alone),
        workloads: [],
        pci: [],
        simulated: undefined,
        hami: undefined,
      });
    };
    expect(shape(1)).toBe(1);
    expect(shape(2)).toBe(1);
    expect(shape(2, 'b')).toBe(2);
  });
});

import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/collect/events.js';
import { gpuOf } from '../../src/collect/gpus.js';
import { gpuPartitions } from '../../src/collect/partitions.js';
import type { SharingContext } from '../../src/collect/sharing.js';
import type { Workload } from '../../src/model/workload.js';
import type { ProcessSnapshot, ProcessUseSnapshot } from '../../src/native/addon.js';
import type { MpsSettings } from '../../src/workload/mps.js';
import { workload } from '../metrics/states.js';
import { GATHERED_SECONDS, gpuRecord, migInstance } from './records.js';

const NO_ID = 0xffffffff;
const COMPUTE = 0;
const MPS = 2;
const log = new EventLog();

const entry = (pid: number, type = COMPUTE, bytes = 100, gpuInstance = NO_ID): ProcessSnapshot => ({
  pid,
  type,
  usedMemoryBytes: bytes,
  gpuInstance,
  computeInstance: gpuInstance === NO_ID ? NO_ID : 0,
});
const sample = (pid: number, smRatio: number): ProcessUseSnapshot => ({
  pid,
  sampledUnixSeconds: 1,
  smRatio,
  memoryRatio: -1,
  encoderRatio: -1,
  decoderRatio: -1,
  jpegRatio: -1,
  ofaRatio: -1,
});

/** GPU 0 with these processes. Pids of a ten belong together: 21 and 22 are of workload 2. */
function gpuWith(processes: readonly ProcessSnapshot[], uses: readonly ProcessUseSnapshot[] = [], mig = false) {
  const readings = { compute_processes: processes.length, process_utilization_samples: uses.length };
  const record = gpuRecord(0, mig ? { ...readings, mig_mode_enabled: 1 } : readings, {
    processes,
    processTotal: processes.length,
    processUses: uses,
    migInstances: mig ? [migInstance(0), migInstance(1)] : [],
  });
  return gpuOf(record, {
    moment: { monotonicSeconds: GATHERED_SECONDS, unixSeconds: 0 },
    staleAfterSeconds: 10,
    stuckCalls: [],
    released: [],
    setAside: [],
    historyOf: (uuid, index) => log.historyOf(uuid, index),
  });
}

function context(
  kinds: Readonly<Record<number, Workload['kind']>>,
  more: Partial<SharingContext> & { readonly mps?: Readonly<Record<number, MpsSettings>> } = {},
): SharingContext {
  return {
    workloadOf: (pid) => {
      const group = Math.floor(pid / 10);
      const kind = kinds[group];
      return kind === undefined ? undefined : workload(`w${group}`, { kind });
    },
    identityOf: (pid) => ({
      pid,
      startTicks: 1,
      comm: kinds[Math.floor(pid / 10)] === 'unit' ? 'nvidia-cuda-mps' : 'python3',
      cgroup: undefined,
      namespacePids: undefined,
      commandLine: undefined,
      mps: more.mps?.[pid],
    }),
    shareHolders: new Set(),
    ...more,
  };
}

describe('time-slicing', () => {
  it('is several workloads with processes on one GPU, each a part with its own memory and use', () => {
    const gpu = gpuWith([entry(11), entry(12), entry(21)], [sample(11, 0.25), sample(21, 0.5)]);
    const [whole, ...parts] = gpuPartitions(gpu, context({ 1: 'pod', 2: 'slurm' }));
    expect(whole).toMatchObject({ kind: 'whole', allocated: true, workloads: [] });
    expect(parts).toMatchObject([
      {
        kind: 'timeslice',
        id: `${gpu.uuid}/timeslice/w1`,
        memoryUsedBytes: 200,
        utilizationRatio: 0.25,
        workloads: ['w1'],
      },
      { kind: 'timeslice', memoryUsedBytes: 100, utilizationRatio: 0.5, smLimitRatio: undefined, workloads: ['w2'] },
    ]);
  });

  it('is not one workload alone, whatever else runs on the GPU', () => {
    const kinds = { 1: 'pod', 2: 'unit', 3: 'process' } as const;
    const all = gpuPartitions(gpuWith([entry(11), entry(21), entry(31)]), context(kinds));
    expect(all.map(({ kind, workloads }) => [kind, workloads])).toEqual([['whole', ['w1', 'w2', 'w3']]]);
  });

  it('is not that of workloads that have a share of the GPU', () => {
    const sharing = context({ 1: 'pod', 2: 'pod', 3: 'pod' }, { shareHolders: new Set(['w1', 'w2']) });
    const all = gpuPartitions(gpuWith([entry(11), entry(21), entry(31)]), sharing);
    expect(all.map(({ kind, workloads }) => [kind, workloads])).toEqual([['whole', ['w3']]]);
  });

  it('can be that of a MIG instance, where nobody samples processes', () => {
    const gpu = gpuWith([entry(11, COMPUTE, 1, 1), entry(21, COMPUTE, 2, 1), entry(31, COMPUTE, 4, 2)], [], true);
    const all = gpuPartitions(gpu, context({ 1: 'pod', 2: 'pod', 3: 'pod' }));
    expect(all.map(({ kind, migUuid, workloads }) => [kind, migUuid, workloads])).toEqual([
      ['mig', 'MIG-0', []],
      ['timeslice', 'MIG-0', ['w1']],
      ['timeslice', 'MIG-0', ['w2']],
      ['mig', 'MIG-1', ['w3']],
    ]);
    expect(all[1]).toMatchObject({ id: 'MIG-0/timeslice/w1', memoryUsedBytes: 1, utilizationRatio: undefined });
  });
});

describe('MPS', () => {
  const at = (activeThreadRatio: number | undefined): MpsSettings => ({ pipeDirectory: '/p', activeThreadRatio });

  it('gives each workload that has clients a part, limited by what they were started with', () => {
    const gpu = gpuWith([entry(11), entry(21, MPS), entry(22, MPS), entry(31, MPS, -1)], [sample(11, 0.75)]);
    const mps = { 11: at(undefined), 21: at(0.25), 22: at(0.5), 31: at(undefined) };
    const [whole, ...parts] = gpuPartitions(gpu, context({ 1: 'unit', 2: 'slurm', 3: 'slurm' }, { mps }));
    // The server is on the GPU itself: it alone is sampled.
    expect(whole?.workloads).toEqual(['w1']);
    expect(parts).toMatchObject([
      { kind: 'mps', smLimitRatio: 0.75, memoryUsedBytes: 200, utilizationRatio: undefined, workloads: ['w2'] },
      { kind: 'mps', smLimitRatio: undefined, memoryUsedBytes: undefined, workloads: ['w3'] },
    ]);
  });

  it('is not limited by what may not be read, nor to more than the GPU', () => {
    const gpu = gpuWith([entry(21, MPS), entry(22, MPS), entry(31, MPS), entry(32, MPS)]);
    const mps = { 21: at(0.25), 31: at(0.75), 32: at(0.5) };
    const parts = gpuPartitions(gpu, context({ 2: 'slurm', 3: 'slurm' }, { mps })).slice(1);
    expect(parts.map(({ smLimitRatio }) => smLimitRatio)).toEqual([undefined, 1]);
  });

  it('beside others makes these take turns with the server', () => {
    const gpu = gpuWith([entry(11), entry(21, MPS), entry(41), entry(51)]);
    const all = gpuPartitions(gpu, context({ 1: 'unit', 2: 'pod', 4: 'pod', 5: 'pod' }));
    expect(all.map(({ kind, workloads }) => [kind, workloads])).toEqual([
      ['whole', ['w1']],
      ['mps', ['w2']],
      ['timeslice', ['w4']],
      ['timeslice', ['w5']],
    ]);
  });
});

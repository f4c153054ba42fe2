import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import { collectOnce } from '../../src/agent.js';
import { loadConfig } from '../../src/config/load.js';
import { buildWebApp } from '../../src/http/app.js';
import type { GpuInFull } from '../../src/http/documents/gpu-in-full.js';
import { readingNotes } from '../../src/metrics/reading-notes.js';
import type { NodeState } from '../../src/model/node-state.js';
import { READINGS } from '../../src/native/readings.generated.js';

/** Against hanging only. */
const DEADLINE_MILLISECONDS = 30_000;
/** Of `mixed`: two H100, an A100 in MIG mode, a T4 that is shared, and a GPU that is given away. */
const A100 = 2;

const directory = mkdtempSync(join(tmpdir(), 'gna-api-'));
let state: NodeState;
let app: FastifyInstance;
beforeAll(async () => {
  const node = createNode(join(directory, 'mixed'), { scenario: 'mixed' });
  state = await collectOnce(loadConfig(node.flags(), {}, []).config, DEADLINE_MILLISECONDS);
  const metrics = { render: async () => Buffer.from('') };
  app = buildWebApp({
    source: { current: () => state },
    metrics,
    maxRequests: 4,
    telemetryPath: '/metrics',
    log: undefined,
    readingNotes,
  });
  await app.ready();
}, DEADLINE_MILLISECONDS);
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true, force: true });
});

const get = async (path: string) => (await app.inject(`/api/v1/${path}`)).json();

describe('one GPU in full', () => {
  it('has every reading with its value or with the reason why it has none, and what it is', async () => {
    for (const { index } of state.gpus) {
      const { readings, gpu }: GpuInFull = await get(`gpus/${index}`);
      expect(readings.map(({ id }) => id)).toEqual(READINGS.map(({ id }) => id));
      for (const one of readings) {
        expect([one.id, (one.value === undefined) !== (one.absent === undefined)]).toEqual([one.id, true]);
        expect([one.id, one.value]).toEqual([one.id, gpu.readings[one.id as keyof typeof gpu.readings]]);
        expect([one.id, one.meaning]).toEqual([one.id, expect.stringMatching(/\w/)]);
        expect([one.id, one.origin, one.everySeconds > 0]).toEqual([one.id, expect.stringMatching(/\w/), true]);
      }
    }
  });

  it('says what enums and masks stand for', async () => {
    const { readings }: GpuInFull = await get(`gpus/${A100}`);
    const words = Object.fromEntries(readings.map(({ id, words: said }) => [id, said]));
    expect(words).toMatchObject({ architecture: 'ampere', compute_mode: 'default', pci_device_id: '10de:20b0' });
    expect(words.memory_used_bytes).toBeUndefined();
  });

  it('says what readings of its parts are, of those it has', async () => {
    const a100: GpuInFull = await get(`gpus/${A100}`);
    const t4: GpuInFull = await get('gpus/3');
    expect(Object.keys(a100.partReadings)).toEqual(['migInstances', 'links']);
    expect(Object.keys(t4.partReadings)).toEqual([]);
    const known = new Set(a100.partReadings.migInstances?.map(({ id }) => id));
    for (const { readings, absent } of a100.gpu.migInstances) {
      expect([...Object.keys(readings), ...Object.keys(absent)].filter((id) => !known.has(id))).toEqual([]);
    }
  });

  it('has the tree of MIG by place, and none where MIG is off', async () => {
    const { mig, gpu }: GpuInFull = await get(`gpus/${A100}`);
    expect(mig?.memorySlices).toBe(8);
    const rows = mig?.gpuInstances.map(({ profile, placementStart, placementSize, computeInstances }) => [
      profile,
      placementStart,
      placementSize,
      computeInstances.length,
    ]);
    expect(rows).toEqual([
      ['2g.10gb', 0, 2, 1],
      ['1g.5gb', 2, 1, 1],
      ['1g.5gb', 3, 1, 1],
      ['3g.20gb', 4, 4, 1],
    ]);
    const leaves = mig?.gpuInstances.flatMap(({ computeInstances }) => computeInstances) ?? [];
    expect(leaves.sort()).toEqual(gpu.migInstances.map(({ uuid }) => uuid).sort());
    expect((await get('gpus/0')).mig).toBeUndefined();
  });

  it('has its function on the bus, its partitions, its processes and who they are, and nobody else’s', async () => {
    const { gpu, pci, partitions, processes, workloads, findings }: GpuInFull = await get(`gpus/${A100}`);
    expect([pci?.busId, pci?.driver]).toEqual([gpu.pciBusId, 'nvidia']);
    expect(partitions.map(({ gpuUuid }) => gpuUuid)).toEqual(partitions.map(() => gpu.uuid));
    expect(processes.map(({ pid }) => pid)).toEqual(gpu.processes.map(({ pid }) => pid).sort((a, b) => a - b));
    expect(workloads.map(({ id }) => id).sort()).toEqual(processes.map(({ workload }) => workload?.id).sort());
    expect(findings).toEqual([]);
  });

  it.each(['00000000:87:00.0', '87:00.0', '0000:87:00.0', 'GPU-51000000-0000-4000-8000-000000010003'])(
    'is found by %s',
    async (name) => {
      expect((await get(`gpus/${name}`)).gpu.index).toBe(A100);
    },
  );

  it('fits its schema', async () => {
    const description = (await app.inject('/openapi.json')).json();
    for (const [path, route] of [
      [`gpus/${A100}`, '/api/v1/gpus/{id}'],
      ['gpus', '/api/v1/gpus'],
      ['processes', '/api/v1/processes'],
      ['pci', '/api/v1/pci'],
      ['findings', '/api/v1/findings'],
      ['events', '/api/v1/events'],
    ] as const) {
      const { schema } = description.paths[route].get.responses[200].content['application/json'];
      const validator = Schema.Compile({ ...schema, components: description.components });
      expect(validator.Errors(await get(path)), path).toEqual([true, []]);
    }
  });
});

describe('processes', () => {
  it('say who they are, where they run and what they use, by GPU and pid', async () => {
    const { processes, total } = await get('processes');
    expect(total).toBe(processes.length);
    const order = processes.map(({ gpuIndex, pid }: { gpuIndex: number; pid: number }) => [gpuIndex, pid]);
    expect(order).toEqual([...order].sort(([a, b], [c, d]) => (a ?? 99) - (c ?? 99) || b - d));
    const [onMig] = processes.filter(({ pid }: { pid: number }) => pid === 52001);
    expect(onMig).toMatchObject({
      name: 'python3',
      gpuIndex: A100,
      types: ['compute'],
      gpuInstance: 2,
      migUuid: 'MIG-51000000-0002-4002-8000-000000000001',
      partitions: ['MIG-51000000-0002-4002-8000-000000000001'],
      workload: { kind: 'pod', namedBy: 'cgroup' },
    });
    expect(onMig.startedUnixSeconds).toBeLessThan(state.atUnixSeconds);
    // No driver samples processes of a GPU in MIG mode.
    expect(onMig.use).toBeUndefined();
    const [onWhole] = processes.filter(({ pid }: { pid: number }) => pid === 51001);
    expect(onWhole.use.smRatio).toBeGreaterThan(0.5);
    expect(onWhole.use.sampledUnixSeconds).toBeGreaterThan(state.agent.startedUnixSeconds - 60);
  });

  it('are filtered by GPU, kind, workload, MIG instance, partition and pid', async () => {
    const pids = async (query: string) =>
      (await get(`processes?${query}`)).processes.map(({ pid }: { pid: number }) => pid);
    expect(await pids('gpu=0')).toEqual([51001]);
    expect(await pids(`gpu=${A100}`)).toEqual([52001, 52002, 52003]);
    expect(await pids('workload=slurm-90210')).toEqual([51001]);
    expect(await pids('workload=job%2090210')).toEqual([51001]);
    expect(await pids('mig=MIG-51000000-0002-4002-8000-000000000001')).toEqual([52001]);
    expect(await pids('partition=GPU-51000000-0000-4000-8000-000000010002')).toEqual([51101, 51102]);
    expect(await pids('pid=51102')).toEqual([51102]);
    expect(await pids('kind=graphics')).toEqual([]);
  });

  it('are cut by limit, and say how many there are', async () => {
    const { processes, total } = await get('processes?limit=2');
    expect([processes.length, total]).toEqual([2, (await get('processes')).total]);
  });
});

describe('the PCI inventory', () => {
  it('has functions that NVML cannot see, and says why it cannot', async () => {
    const { functions } = await get('pci?reported=false');
    expect(functions).toHaveLength(1);
    expect(functions[0]).toMatchObject({ driver: 'vfio-pci', unseen: 'the kernel driver vfio-pci has it' });
    expect(functions[0].gpuIndex).toBeUndefined();
    expect(functions[0].partitions).toEqual([`pci-${functions[0].busId}`]);
  });

  it('is filtered by driver and GPU', async () => {
    const addresses = async (query: string) =>
      (await get(`pci?${query}`)).functions.map(({ busId }: { busId: string }) => busId);
    expect(await addresses(`gpu=${A100}`)).toEqual(['0000:87:00.0']);
    expect(await addresses('driver=none')).toEqual([]);
    expect(await addresses('driver=nvidia')).toHaveLength(4);
    expect(await addresses('virtual=true')).toEqual([]);
  });
});

it('GPUs are filtered by MIG, condition and workload', async () => {
  const indexes = async (query: string) =>
    (await get(`gpus?${query}`)).gpus.map(({ index }: { index: number }) => index);
  expect(await indexes('mig=true')).toEqual([A100]);
  expect(await indexes('mig=false&limit=2')).toEqual([0, 1]);
  expect(await indexes('condition=lost')).toEqual([]);
  expect(await indexes('workload=slurm-90210')).toEqual([0]);
});

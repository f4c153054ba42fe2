import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, FAMILIES } from '../../src/metrics/catalogue.js';
import type { Scene } from '../../src/metrics/family.js';
import { OWN_FAMILIES } from '../../src/metrics/own-families.js';
import { WITHOUT_METRIC } from '../../src/metrics/without-metric.js';
import type { Gpu } from '../../src/model/gpu.js';
import type { Partition } from '../../src/model/partition.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  MIG_INSTANCE_READINGS,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
} from '../../src/model/readings.js';
import type {
  C2cLinkReadingId,
  FanReadingId,
  LinkReadingId,
  MigReadingId,
  PeerReadingId,
} from '../../src/native/readings.generated.js';
import { readingsOf } from '../readings.js';
import { type Board, divided, gb200, geforce, h100 } from './boards.js';
import { samplesOf } from './exposition-lines.js';
import { FULL_NODE } from './full-node.js';
import { everything, exposition } from './rendering.js';
import {
  ALL_C2C_LINK_READINGS,
  ALL_FAN_READINGS,
  ALL_LINK_READINGS,
  ALL_MIG_READINGS,
  ALL_PEER_READINGS,
  ALL_READINGS,
  gpu,
  migInstance,
  node,
  nvlink,
  peer,
  readings,
} from './states.js';

const scene: Scene = {
  state: FULL_NODE,
  abi: 1,
  nodeVersion: '20.0.0',
  stateAgeSeconds: 0,
  seriesByFamily: new Map(),
  dropped: new Map(),
};

describe('names', () => {
  test('are given once, sorted, and begin with gpu_', () => {
    const names = FAMILIES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => !/^gpu_[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  test('of counters end in _total and of infos in _info, and no others do', () => {
    for (const { name, type } of FAMILIES) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, name.endsWith('_info')]).toEqual([name, type === 'info']);
    }
  });

  test('never hold a prefixed or scaled unit', () => {
    const scaled = /_(?:percent|milliseconds|ms|kilobytes|megabytes|mib|mhz|milliwatts|millijoules)(?:_|$)/;
    expect(FAMILIES.filter(({ name }) => scaled.test(name))).toEqual([]);
  });

  test('in OpenMetrics, no family claims a sample name of another', () => {
    const bare = FAMILIES.map(({ name }) => name.replace(/_(?:total|info)$/, ''));
    expect(new Set(bare).size).toBe(bare.length);
  });
});

test('only what the agent integrates has a time of creation', () => {
  expect(FAMILIES.filter(({ integrated }) => integrated).map(({ name }) => name)).toEqual([
    'gpu_busy_seconds_total',
    'gpu_mig_reconfigurations_total',
    'gpu_observed_seconds_total',
    'gpu_workload_busy_seconds_total',
    'gpu_workload_energy_joules_total',
    'gpu_workload_memory_byte_seconds_total',
    'gpu_workload_observed_seconds_total',
  ]);
});

test('help texts are one line without a final stop and name their origin', () => {
  for (const { name, help, origin } of FAMILIES) {
    expect([name, /^[A-Z][^\n]*[^.\s]$/.test(help)]).toEqual([name, true]);
    expect([name, origin.length > 0]).toEqual([name, true]);
  }
});

test('every label that a line has is declared', () => {
  for (const family of FAMILIES) {
    const declared = new Set([...family.subject.labelNames, ...(family.labelNames ?? [])]);
    for (const row of family.subject.rows(scene)) {
      const series = typeof family.series === 'function' ? family.series(row, scene) : family.series;
      const all = [...series, ...(family.details?.series ?? [])];
      const used = all.flatMap(({ labels = {} }) => Object.keys({ ...family.subject.labels(row), ...labels }));
      expect([family.name, used.filter((name) => !declared.has(name))]).toEqual([family.name, []]);
    }
  }
});

describe('every reading is in some family, or it is said why not', () => {
  const shown = async (one: Partial<Gpu>) => exposition(node({ gpus: [gpu(0, one)] }), 'text', everything);

  /** Readings without which nothing is missing, and which alone give nothing either. */
  async function unseen<Id extends string>(
    all: Readonly<Record<Id, number>>,
    carrier: (present: Partial<Record<Id, number>>) => Partial<Gpu>,
  ): Promise<readonly string[]> {
    const [full, empty] = [await shown(carrier(all)), await shown(carrier({}))];
    const found: string[] = [];
    for (const id of Object.keys(all) as Id[]) {
      const { [id]: only, ...others } = all;
      const alone = { [id]: only } as Partial<Record<Id, number>>;
      if ((await shown(carrier(alone))) !== empty) continue;
      if ((await shown(carrier(others as Partial<Record<Id, number>>))) === full) found.push(id);
    }
    return found;
  }

  test('of a GPU', async () => {
    const found = await unseen(ALL_READINGS, (present) => ({ readings: readings(present) }));
    expect([...found].sort()).toEqual(Object.keys(WITHOUT_METRIC).sort());
  }, 120_000);

  test('of a MIG instance', async () => {
    const instance = (present: Partial<Record<MigReadingId, number>>) => ({
      migInstances: [migInstance(0, { readings: readingsOf(MIG_INSTANCE_READINGS, present) })],
    });
    expect(await unseen(ALL_MIG_READINGS, instance)).toEqual([]);
  });

  test('of an NVLink', async () => {
    const one = (present: Partial<Record<LinkReadingId, number>>) => ({
      links: [{ ...nvlink(0), readings: readingsOf(NVLINK_READINGS, present) }],
    });
    expect(await unseen(ALL_LINK_READINGS, one)).toEqual([]);
  });

  test('of a chip-to-chip link and of a fan', async () => {
    const link = (present: Partial<Record<C2cLinkReadingId, number>>) => ({
      c2cLinks: [{ link: 0, readings: readingsOf(CHIP_LINK_READINGS, present) }],
    });
    expect(await unseen(ALL_C2C_LINK_READINGS, link)).toEqual([]);
    const fans = (present: Partial<Record<FanReadingId, number>>) => ({
      fans: [{ fan: 0, readings: readingsOf(FAN_SPEED_READINGS, present) }],
    });
    expect(await unseen(ALL_FAN_READINGS, fans)).toEqual([]);
  });

  test('of a pair of GPUs', async () => {
    const pair = (present: Partial<Record<PeerReadingId, number>>) => ({
      peers: [{ ...peer(1), readings: readingsOf(PEER_GPU_READINGS, present) }],
    });
    expect(await unseen(ALL_PEER_READINGS, pair)).toEqual([]);
  });
});

describe('the cost by default', () => {
  const seriesOf = async (boards: readonly Board[]) => {
    const state = node({
      gpus: boards.map((board) => board.gpu),
      partitions: boards.flatMap(({ partitions }) => partitions),
    });
    return samplesOf(await exposition(state)).length;
  };
  /** Series that one more board adds. */
  const added = async (board: (index: number) => Board) =>
    (await seriesOf([board(0), board(1)])) - (await seriesOf([board(0)]));

  test.each([
    ['an H100 with 18 NVLinks', h100],
    ['a GPU of a GB200', gb200],
    ['a GeForce', geforce],
    ['an A100 in MIG mode without instances', (index: number) => divided(index, 0, 'ampere')],
    ['an H100 in MIG mode without instances', (index: number) => divided(index, 0, 'hopper')],
  ] as const)('of %s is at most 150 series', async (_name, board) => {
    const series = await added(board);

    expect(series).toBeGreaterThan(70);
    expect(series).toBeLessThanOrEqual(150);
  });

  test('of eight H100 with what is about the node is at most 150 series for each', async () => {
    const boards = Array.from({ length: 8 }, (_, index) => h100(index));
    expect((await seriesOf(boards)) / boards.length).toBeLessThanOrEqual(150);
  });

  test.each(['ampere', 'hopper'] as const)('of a MIG instance of %s is at most 17 series', async (architecture) => {
    const whole = await added((index) => divided(index, 7, architecture));
    const bare = await added((index) => divided(index, 0, architecture));
    expect((whole - bare) / 7).toBeLessThanOrEqual(17);
  });

  test('of a HAMi share is at most 15 series, of a workload on it 4', async () => {
    const full = FULL_NODE.partitions.find(({ kind }) => kind === 'share') as Partition;
    const gpus = [
      gpu(10, { uuid: full.gpuUuid, readings: readings({ compute_processes: 1, process_utilization_samples: 0 }) }),
    ];
    const cost = async (partitions: readonly Partition[]) =>
      samplesOf(await exposition(node({ gpus, partitions, workloads: FULL_NODE.workloads.slice(0, 1) }))).length;
    const share = await cost([{ ...full, utilizationRatio: 0.5, workloads: [] }]);
    expect(share - (await cost([]))).toBe(15);
    const listed = {
      pid: 7200,
      type: 'compute',
      usedMemoryBytes: 1,
      gpuInstance: undefined,
      computeInstance: undefined,
    } as const;
    const held = node({
      gpus: [{ ...(gpus[0] as Gpu), processes: [listed], processTotal: 1 }],
      partitions: [{ ...full, utilizationRatio: 0.5 }],
      workloads: FULL_NODE.workloads.slice(0, 1),
    });
    // Its names are there already: they are a series of the workload, not of its place.
    expect(samplesOf(await exposition(held)).length - share).toBe(3);
  });

  test('of an NVLink is nothing as long as single links are not counted', async () => {
    const links = Array.from({ length: 18 }, (_, link) => nvlink(link, { state: 1 }));
    const few = await added((index) => h100(index, { links: links.slice(0, 1) }));
    const many = await added((index) => h100(index, { links }));
    // All states are known: how many are up can be said.
    expect(many - few).toBe(1);
  });
});

describe('docs/metrics.md', () => {
  const documented = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(gpu_[^`]+)` \|/gm)].map(
    ([, name]) => name,
  );

  test('lists every family once, and nothing else', () => {
    const known = [...FAMILIES, ...Object.values(OWN_FAMILIES)].map(({ name }) => name);
    expect([...documented].sort()).toEqual(known.sort());
  });

  test('has a chapter for each part of the catalogue', () => {
    const chapters = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(chapters).toEqual(expect.arrayContaining(CATALOGUE.map(({ title }) => title)));
  });
});

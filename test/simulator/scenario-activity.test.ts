import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import type { Addon, GpuSnapshot, SpawnedSampler } from '../../src/native/addon.js';
import { MIG_READINGS, READINGS } from '../../src/native/readings.generated.js';

/**
 * What is measured between two samples: no single look shows it. The clock stands, is moved by ten seconds, and what
 * happened in between must be what stands beside the scenario.
 */
const root = join(import.meta.dirname, '../..');
const folder = join(root, 'simulator/scenarios');
const addon = createRequire(import.meta.url)(join(root, 'build/Release/gpu_node_agent.node')) as Addon;
const directory = mkdtempSync(join(tmpdir(), 'activity-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A stopped clock shows this when a node is made. */
const CREATED_SECONDS = 1000;
const SECONDS_BETWEEN = 10;
/** All that is read between two samples, and nothing else. */
const MEASURED = /(_activity|_occupancy)_ratio$|^gpm_.*_bytes_per_second$|^c2c_.*_bytes_per_second$/;

interface Expected {
  branch?: string;
  seed: number;
  gpus: {
    index: number;
    loadMoves: boolean;
    activity?: Record<string, number>;
    migInstances?: { migIndex: number; activity?: Record<string, number> }[];
  }[];
}

const expectations = readdirSync(folder).flatMap((file) => {
  const name = /^(.*)\.expected\.json$/.exec(file)?.[1];
  if (name === undefined) return [];
  const expected = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Expected;
  return expected.gpus.some(({ activity, migInstances = [] }) => activity ?? migInstances.some((one) => one.activity))
    ? [{ name, expected }]
    : [];
});

/** Readings that are there and are measured between samples. */
function measured(
  ids: readonly { readonly id: string }[],
  values: Float64Array,
  status: Uint8Array,
): Record<string, number> {
  return Object.fromEntries(
    ids.flatMap(({ id }, place) => {
      const value = values[place];
      return MEASURED.test(id) && status[place] === 0 && value !== undefined ? [[id, value]] : [];
    }),
  );
}

/** GPUs of a running sampler; none while it has not published them all. */
function gpusOf(sampler: SpawnedSampler, count: number): readonly GpuSnapshot[] {
  const reader = addon.openSegment(sampler.memoryFd);
  try {
    reader.read();
    const gpus = reader.gpus().filter(({ gatheredMonotonicNs }) => gatheredMonotonicNs > 0);
    return gpus.length === count ? gpus : [];
  } catch {
    return [];
  } finally {
    reader.close();
  }
}

/** Waits until every GPU was read at a second of the node's clock or later. */
async function readFrom(sampler: SpawnedSampler, count: number, second: number): Promise<readonly GpuSnapshot[]> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const gpus = gpusOf(sampler, count);
    if (gpus.length > 0 && gpus.every(({ gatheredMonotonicNs }) => gatheredMonotonicNs >= second * 1e9)) return gpus;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`the sampler did not read: ${addon.readMessages(sampler.messagesFd)}`);
}

/** GPUs of a node as a sampler has them after the clock was moved. */
async function readTwice(node: SimulatedNode, count: number): Promise<readonly GpuSnapshot[]> {
  const sampler = addon.spawnSampler({
    path: join(root, 'out/native/gpu-node-sampler'),
    args: [`--nvml.library=${node.libraryPath}`, `--clock.file=${node.clockPath}`, '--no-hami'],
    env: ['PATH=/usr/bin:/bin'],
    carryFd: undefined,
  });
  try {
    await readFrom(sampler, count, CREATED_SECONDS);
    node.clock({ advanceSeconds: SECONDS_BETWEEN });
    return await readFrom(sampler, count, CREATED_SECONDS + SECONDS_BETWEEN);
  } finally {
    addon.signalSampler(sampler.pid, 15);
    while (addon.pollSampler(sampler.pid).state !== 'gone') await new Promise((resolve) => setTimeout(resolve, 10));
    for (const fd of [sampler.socketFd, sampler.memoryFd, sampler.messagesFd]) addon.closeFd(fd);
  }
}

const near = (values: Record<string, number> | undefined) =>
  Object.fromEntries(
    Object.entries(values ?? {}).map(([id, value]) => [id, expect.closeTo(value, value > 1000 ? 0 : 9)]),
  );

describe.each(expectations)('$name', ({ name, expected }) => {
  test('activity over ten seconds is that of the load, of each GPU and each instance', async () => {
    expect(existsSync(join(root, 'out/native/gpu-node-sampler'))).toBe(true);
    const node = createNode(join(directory, name), {
      scenario: name,
      seed: expected.seed,
      frozenClock: true,
      ...(expected.branch === undefined ? {} : { branch: expected.branch }),
    });
    const gpus = await readTwice(node, expected.gpus.length);
    for (const { index, loadMoves, activity, migInstances = [] } of expected.gpus) {
      const gpu = gpus.find((one) => one.index === index);
      if (loadMoves || gpu === undefined) continue;
      expect(measured(READINGS, gpu.values, gpu.status), `GPU ${index}`).toEqual(near(activity));
      for (const instance of migInstances) {
        const got = gpu.migInstances[instance.migIndex];
        if (got === undefined) throw new Error(`GPU ${index} has no instance ${instance.migIndex}`);
        expect(measured(MIG_READINGS, got.values, got.status), `GPU ${index} instance ${instance.migIndex}`).toEqual(
          near(instance.activity),
        );
      }
    }
  }, 60_000);
});

test('there is activity to compare', () => {
  expect(expectations.length).toBeGreaterThanOrEqual(1);
});

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import type { Addon, SegmentReader, SpawnedSampler } from '../../src/native/addon.js';
import { ADDON } from './child.js';

const addon = createRequire(import.meta.url)(ADDON) as Addon;
const folder = mkdtempSync(join(tmpdir(), 'segment-reader-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function until(what: string, wanted: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (wanted()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within 10 s: ${what}`);
}

/** A sampler of a simulated node. */
function startSampler(scenario: string): SpawnedSampler {
  const node = createNode(join(folder, scenario), { scenario, seed: 7 });
  const args = [
    `--nvml.library=${node.libraryPath}`,
    `--clock.file=${node.clockPath}`,
    '--interval-ms=100',
    '--no-hami',
  ];
  const path = fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url));
  return addon.spawnSampler({ path, args, env: [], carryFd: undefined });
}

/** Ends it; nothing when it has ended. */
async function end(sampler: SpawnedSampler): Promise<void> {
  if (ended.has(sampler)) return;
  ended.add(sampler);
  addon.signalSampler(sampler.pid, 9);
  await until('its end', () => addon.pollSampler(sampler.pid).state === 'gone');
}
const ended = new Set<SpawnedSampler>();

/** The GPUs of the newest snapshot; none while the sampler has not come that far. */
function gpusOf(reader: SegmentReader) {
  try {
    reader.read();
    return reader.gpus();
  } catch {
    return [];
  }
}

/** Distance from a record's UUID to the counts of its lists: the ten texts of GpuFixed (native/core/shm/records.h). */
const UUID_TO_LIST_COUNTS = 96 + 96 + 32 + 32 + 32 + 80 + 16 + 64 + 40 + 24;

/** Makes every slot of a GPU's ring say that it has more MIG instances than a record can hold. */
function damage(memoryFd: number, uuid: string): void {
  const path = `/proc/self/fd/${memoryFd}`;
  const memory = readFileSync(path);
  const fd = openSync(path, 'r+');
  let slots = 0;
  for (let at = memory.indexOf(uuid); at >= 0; at = memory.indexOf(uuid, at + 1), ++slots)
    writeSync(fd, Buffer.from([0xff, 0xff]), 0, 2, at + UUID_TO_LIST_COUNTS);
  closeSync(fd);
  expect(slots).toBeGreaterThanOrEqual(3);
}

describe('a reader of a sampler’s memory', () => {
  it('keeps the lists of parts that did not change, and renews the numbers that did', async () => {
    const sampler = startSampler('hgx-h100');
    try {
      const reader = addon.openSegment(sampler.memoryFd);
      await until('links', () => gpusOf(reader)[0]?.links.length === 18);
      const [before] = gpusOf(reader);
      await until('a newer record', () => (gpusOf(reader)[0]?.cycle ?? 0) > (before?.cycle ?? 0) + 3);
      const [now] = gpusOf(reader);
      expect(now).not.toBe(before);
      expect(now?.values).not.toBe(before?.values);
      expect(now?.links).toBe(before?.links);
      expect(now?.fans).toBe(before?.fans);
    } finally {
      await end(sampler);
      for (const fd of [sampler.socketFd, sampler.memoryFd, sampler.messagesFd]) addon.closeFd(fd);
    }
  });

  it('drops a record that is not whole: nothing stands for that GPU, or what stood before', async () => {
    const sampler = startSampler('t4-hami');
    try {
      const before = addon.openSegment(sampler.memoryFd);
      await until('four GPUs that are read', () => gpusOf(before).filter(({ cycle }) => cycle > 0).length === 4);
      const kept = gpusOf(before);
      const other = addon.openSegment(sampler.memoryFd);
      await until('newer records', () =>
        gpusOf(other).every(({ published }, gpu) => published > (kept[gpu]?.published ?? 0) + 3),
      );
      await end(sampler);
      damage(sampler.memoryFd, kept[1]?.uuid as string);

      expect(gpusOf(addon.openSegment(sampler.memoryFd)).map(({ index }) => index)).toEqual([0, 2, 3]);
      const now = gpusOf(before);
      expect(now.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect(now[1]).toBe(kept[1]);
      expect(now[2]?.published).toBeGreaterThan(kept[2]?.published ?? 0);
    } finally {
      await end(sampler);
      for (const fd of [sampler.socketFd, sampler.memoryFd, sampler.messagesFd]) addon.closeFd(fd);
    }
  });
});

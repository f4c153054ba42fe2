import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sightingsOf } from '../../src/collect/baseline.js';
import { BaselineKeeper } from '../../src/collect/baseline-keeper.js';
import { type BaselineGpu, expectedOf, learn, missingOf, type Sighting } from '../../src/model/baseline.js';
import { gpu, readings } from '../http/node-states.js';
import { pciFunction } from '../pci-function.js';

const sighting = (uuid: string, more: Partial<Sighting> = {}): Sighting => ({
  uuid,
  busId: undefined,
  serial: undefined,
  name: undefined,
  linkWidthLanes: undefined,
  linkGenerationMax: undefined,
  barSizesBytes: {},
  nvlinks: undefined,
  ...more,
});
const known = (uuid: string, more: Partial<BaselineGpu> = {}): BaselineGpu => ({
  ...sighting(uuid, more),
  firstSeenUnixSeconds: 100,
});

describe('what a baseline learns', () => {
  it('is every GPU that answers, with when it was seen first', () => {
    const first = learn([], [sighting('GPU-a', { busId: '0000:01:00.0' })], 100);
    expect(first).toMatchObject([{ uuid: 'GPU-a', busId: '0000:01:00.0', firstSeenUnixSeconds: 100 }]);
    expect(learn(first, [sighting('GPU-a', { busId: '0000:01:00.0' })], 200)).toBe(first);
  });

  it('is the best a card was seen with, not the last', () => {
    const [one] = learn(
      [known('GPU-a', { linkWidthLanes: 16, nvlinks: 18, serial: '1' })],
      [sighting('GPU-a', { linkWidthLanes: 8, nvlinks: 17, linkGenerationMax: 5 })],
      200,
    );
    expect(one).toMatchObject({ linkWidthLanes: 16, nvlinks: 18, linkGenerationMax: 5, serial: '1' });
  });

  it('keeps a card that is gone, follows one that moved, and lets one go whose slot has another', () => {
    const before = [
      known('GPU-gone', { busId: 'a' }),
      known('GPU-moved', { busId: 'b' }),
      known('GPU-replaced', { busId: 'c' }),
    ];
    const after = learn(before, [sighting('GPU-moved', { busId: 'd' }), sighting('GPU-new', { busId: 'c' })], 200);
    expect(after.map(({ uuid, busId }) => [uuid, busId])).toEqual([
      ['GPU-gone', 'a'],
      ['GPU-moved', 'd'],
      ['GPU-new', 'c'],
    ]);
  });

  it('comes from GPUs that answered, and from the bus', () => {
    const bus = [
      pciFunction('0000:00:00.0', { bars: [{ index: 1, sizeBytes: 2 ** 37, is64Bit: true, prefetchable: true }] }),
    ];
    const up = gpu(0, { readings: readings({ pcie_link_width_lanes: 16, nvlink_links: 18 }) });
    expect(sightingsOf([up, gpu(1, { condition: 'stale' }), gpu(2, { uuid: undefined })], bus)).toEqual([
      sighting(up.uuid ?? '', {
        busId: '0000:00:00.0',
        serial: up.serial,
        name: up.name,
        linkWidthLanes: 16,
        nvlinks: 18,
        barSizesBytes: { 1: 2 ** 37 },
      }),
    ]);
  });
});

describe('what is missing', () => {
  const baseline = [known('GPU-a', { busId: 'a' }), known('GPU-b', { busId: 'b' })];

  it('is what the driver does not report and nobody else was given', () => {
    const there = [gpu(0, { uuid: 'GPU-a' })];
    expect(missingOf(baseline, there, []).map(({ uuid }) => uuid)).toEqual(['GPU-b']);
    expect(missingOf(baseline, there, [pciFunction('b', { driver: 'vfio-pci' })])).toEqual([]);
    expect(missingOf(baseline, there, [pciFunction('b', { driver: 'nvidia' })])).toHaveLength(1);
    expect(missingOf(baseline, there, [pciFunction('b')])).toHaveLength(1);
    expect(expectedOf(baseline, [pciFunction('b', { driver: 'vfio-pci' })])).toHaveLength(1);
  });

  it('is nothing while a GPU has not said who it is', () => {
    expect(missingOf(baseline, [gpu(0, { uuid: 'GPU-a' }), gpu(1, { uuid: undefined })], [])).toEqual([]);
  });
});

describe('the file of a baseline', () => {
  let folder: string;
  let warned: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baseline-'));
    warned = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const keeper = (stateDirectory = join(folder, 'state')) =>
    new BaselineKeeper({ stateDirectory, warn: (message) => warned.push(message) });
  const file = () => join(folder, 'state', 'baseline.json');

  it('outlives the agent', async () => {
    const first = keeper();
    await first.load(false);
    first.observe([sighting('GPU-a', { busId: 'a', barSizesBytes: { 1: 7 } })], 100);
    await first.flushed();
    const second = keeper();
    await second.load(false);
    expect(second.baseline).toEqual({ gpus: first.baseline.gpus, notKept: undefined });
    expect(readdirSync(join(folder, 'state'))).toEqual(['baseline.json']);
    expect(warned).toEqual([]);
  });

  it('is not written before it was read: what was known is not lost', async () => {
    const first = keeper();
    await first.load(false);
    first.observe([sighting('GPU-a')], 100);
    await first.flushed();
    const second = keeper();
    second.observe([sighting('GPU-b')], 200);
    await second.load(false);
    second.observe([sighting('GPU-b')], 200);
    await second.flushed();
    expect(second.baseline.gpus.map(({ uuid }) => uuid)).toEqual(['GPU-a', 'GPU-b']);
  });

  it('that is damaged is moved aside', async () => {
    mkdirSync(join(folder, 'state'));
    writeFileSync(file(), '{"format":1,"gpus":[{"uuid":');
    const one = keeper();
    await one.load(false);
    expect(one.baseline.gpus).toEqual([]);
    expect(readFileSync(`${file()}.damaged`, 'utf8')).toContain('"format":1');
    expect(warned).toEqual([expect.stringContaining('was not a baseline of format 1')]);
  });

  it('that cannot be written is said once, and what is known stays in memory', async () => {
    writeFileSync(join(folder, 'state'), 'not a directory');
    const one = keeper();
    await one.load(false);
    one.observe([sighting('GPU-a')], 100);
    one.observe([sighting('GPU-a'), sighting('GPU-b')], 100);
    await one.flushed();
    expect(one.baseline.gpus).toHaveLength(2);
    expect(one.baseline.notKept).toMatch(/baseline\.json: E\w+$/);
    expect(warned).toHaveLength(1);
  });

  it('of a simulated node is no other node’s, and makes no directory', async () => {
    const simulated = keeper();
    await simulated.load(true);
    simulated.observe([sighting('GPU-51000000-a')], 100);
    await simulated.flushed();
    expect(existsSync(join(folder, 'state'))).toBe(false);
    expect(simulated.baseline.gpus).toHaveLength(1);
    mkdirSync(join(folder, 'state'));
    simulated.observe([sighting('GPU-51000000-b')], 100);
    await simulated.flushed();
    const real = keeper();
    await real.load(false);
    expect(real.baseline.gpus).toEqual([]);
    expect(warned).toEqual([]);
  });

  it('lets go of a GPU that was taken out on purpose', async () => {
    const one = keeper();
    await one.load(false);
    one.observe([sighting('GPU-a'), sighting('GPU-b')], 100);
    expect(await one.forget('GPU-a')).toBe(true);
    expect(await one.forget('GPU-a')).toBe(false);
    const next = keeper();
    await next.load(false);
    expect(next.baseline.gpus.map(({ uuid }) => uuid)).toEqual(['GPU-b']);
  });
});

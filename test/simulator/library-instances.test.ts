import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { type Argument, LibraryProcess } from './library-process.ts';

/** GPU instances and compute instances by their own handles: profiles, placements, what fits, and who may ask. */
const gpu = { handle: 'gpu' } as const;
const ids = { g5: 5, g7: 7, g2: 2 } as const;
let directory: string;
let node: SimulatedNode;
let library: LibraryProcess;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-instances-'));
  node = createNode(join(directory, 'node'), { scenario: 'dgx-a100-mig', seed: 7, frozenClock: true });
  library = await LibraryProcess.start(node.libraryPath);
  await library.open(0);
  for (const [name, index] of Object.entries(ids)) {
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: name });
  }
});
afterAll(async () => {
  await library.end();
  rmSync(directory, { recursive: true, force: true });
});

const u32At = (hex: string | undefined, offset: number) => Buffer.from(hex ?? '', 'hex').readUInt32LE(offset);
const room = (bytes: number) => ({ inOut: '00'.repeat(bytes) });
const versioned = (word: number, bytes: number) => {
  const memory = Buffer.alloc(bytes);
  memory.writeUInt32LE(word, 0);
  return { inOut: memory.toString('hex') };
};
const instanceOf = (device: string, id: number, as: string) =>
  library.call('nvmlDeviceGetGpuInstanceById', { handle: device }, { u32: id }, { outHandle: as });
const capacity = (profile: number, device: Argument = { handle: 'g2' }) =>
  library.number('nvmlDeviceGetGpuInstanceRemainingCapacity', device, { u32: profile }, { out: 'u32' });

describe('profiles', () => {
  test('all versions describe the same profile; an older driver does not know the third', async () => {
    const first = await library.call('nvmlDeviceGetGpuInstanceProfileInfo', { handle: 'g2' }, { u32: 2 }, room(48));
    const second = await library.call(
      'nvmlDeviceGetGpuInstanceProfileInfoV',
      { handle: 'g2' },
      { u32: 2 },
      versioned(0x02000098, 152),
    );
    const third = await library.call(
      'nvmlDeviceGetGpuInstanceProfileInfoV',
      { handle: 'g2' },
      { u32: 2 },
      versioned(0x03000098, 152),
    );
    // id, slices, instances, multiprocessors, mebibytes
    expect([0, 8, 12, 16, 40].map((offset) => u32At(first.out[0], offset))).toEqual([9, 3, 2, 42, 19_968]);
    expect([4, 12, 16, 20, 48].map((offset) => u32At(second.out[0], offset))).toEqual([9, 3, 2, 42, 19_968]);
    expect([4, 8, 12, 16, 40].map((offset) => u32At(third.out[0], offset))).toEqual([9, 3, 2, 42, 19_968]);
    const name = Buffer.from(third.out[0] ?? '', 'hex').subarray(48, 144);
    expect(name.subarray(0, name.indexOf(0)).toString()).toBe('MIG 3g.20gb');
    const old = createNode(join(directory, 'old'), { scenario: 'dgx-a100-mig', seed: 7, branch: '535' });
    const other = await LibraryProcess.start(old.libraryPath);
    await other.open(2);
    const ask = (word: number) =>
      other.call('nvmlDeviceGetGpuInstanceProfileInfoV', gpu, { u32: 2 }, versioned(word, 152));
    expect([(await ask(0x03000098)).code, (await ask(0x02000098)).code]).toEqual([25, 0]);
    await other.end();
  });

  test('one the GPU lacks answers 3, a number past the end 2, a GPU that is whole 3', async () => {
    const ask = async (device: string, number: number) =>
      (await library.call('nvmlDeviceGetGpuInstanceProfileInfo', { handle: device }, { u32: number }, room(48))).code;
    expect([await ask('g2', 5), await ask('g2', 0x12), await ask('gpu', 0)]).toEqual([3, 2, 3]);
  });

  test('placements are those of the profile, in memory slices', async () => {
    const { code, out } = await library.call(
      'nvmlDeviceGetGpuInstancePossiblePlacements_v2',
      { handle: 'g2' },
      { u32: 14 },
      room(64),
      { inOut: '08000000' },
    );
    expect(code).toBe(0);
    expect(u32At(out[1], 0)).toBe(3);
    expect([0, 4, 8, 12, 16, 20].map((offset) => u32At(out[0], offset))).toEqual([0, 2, 2, 2, 4, 2]);
  });
});

describe('capacity', () => {
  test('what fits is what is free: none beside four instances, all beside none', async () => {
    expect(await capacity(19)).toBe(0);
    expect(await capacity(19, { handle: 'g7' })).toBe(7);
    expect(await capacity(9, { handle: 'g7' })).toBe(2);
    expect(await capacity(0, { handle: 'g7' })).toBe(1);
  });

  test('an instance that goes makes room for its like', async () => {
    node.endProcess(20203, 2);
    node.destroyMig({ gpu: 2, gpuInstance: 9, computeInstance: 0 });
    expect(await capacity(19)).toBe(1);
    expect(await capacity(14)).toBe(0);
  });
});

describe('instances', () => {
  test('an instance tells its profile and where it lies', async () => {
    await instanceOf('g5', 2, 'half');
    const { out } = await library.call('nvmlGpuInstanceGetInfo', { handle: 'half' }, room(24));
    // id, profile, first memory slice, memory slices
    expect([8, 12, 16, 20].map((offset) => u32At(out[0], offset))).toEqual([2, 9, 4, 4]);
    expect((await instanceOf('g5', 9, 'none')).code).toBe(6);
    expect((await instanceOf('gpu', 0, 'none')).code).toBe(3);
  });

  test('compute instances share their GPU instance, one after the other', async () => {
    await instanceOf('g5', 1, 'shared');
    const listed = await library.call(
      'nvmlGpuInstanceGetComputeInstances',
      { handle: 'shared' },
      { u32: 1 },
      room(64),
      { inOut: '00000000' },
    );
    expect(u32At(listed.out[1], 0)).toBe(2);
    for (const [id, start] of [
      [0, 0],
      [1, 2],
    ] as const) {
      await library.call(
        'nvmlGpuInstanceGetComputeInstanceById',
        { handle: 'shared' },
        { u32: id },
        { outHandle: 'part' },
      );
      const { out } = await library.call('nvmlComputeInstanceGetInfo_v2', { handle: 'part' }, room(32));
      expect([16, 20, 24, 28].map((offset) => u32At(out[0], offset))).toEqual([id, 1, start, 2]);
    }
  });

  test('an instance tells which compute instances it could hold, and how many more', async () => {
    await instanceOf('g5', 2, 'half');
    const ask = (word: number, bytes: number) =>
      library.call(
        'nvmlGpuInstanceGetComputeInstanceProfileInfoV',
        { handle: 'half' },
        { u32: 1 },
        { u32: 0 },
        versioned(word, bytes),
      );
    for (const [word, bytes] of [
      [0x02000088, 136],
      [0x0300008c, 140],
    ] as const) {
      const { code, out } = await ask(word, bytes);
      // id, slices, how many fit into three slices, multiprocessors, copy engines
      expect([code, ...[4, 8, 12, 16, 20].map((offset) => u32At(out[0], offset))]).toEqual([0, 1, 2, 1, 28, 3]);
      const name = Buffer.from(out[0] ?? '', 'hex').subarray(40, 136);
      expect(name.subarray(0, name.indexOf(0)).toString()).toBe('MIG 2c.3g.20gb');
    }
    expect((await ask(0x02000089, 137)).code).toBe(25);
    const fits = (handle: string, number: number) =>
      library.number('nvmlGpuInstanceGetComputeInstanceRemainingCapacity', { handle }, { u32: number }, { out: 'u32' });
    expect(await fits('half', 0)).toBe(0);
    expect(await fits('half', 3)).toEqual({ code: 3 });
    const live = createNode(join(directory, 'roomy'), { scenario: 'dgx-a100-mig', seed: 7, frozenClock: true });
    live.endProcess(20502, 5);
    live.destroyMig({ gpu: 5, gpuInstance: 1, computeInstance: 1 });
    const other = await LibraryProcess.start(live.libraryPath);
    await other.open(5);
    await other.call('nvmlDeviceGetGpuInstanceById', gpu, { u32: 1 }, { outHandle: 'instance' });
    const left = (number: number) =>
      other.number(
        'nvmlGpuInstanceGetComputeInstanceRemainingCapacity',
        { handle: 'instance' },
        { u32: number },
        { out: 'u32' },
      );
    expect([await left(0), await left(1), await left(2)]).toEqual([2, 1, 0]);
    await other.end();
  });

  test('a handle dies with its instance, and a device is no instance', async () => {
    const live = createNode(join(directory, 'live'), { scenario: 'dgx-a100-mig', seed: 7, frozenClock: true });
    const other = await LibraryProcess.start(live.libraryPath);
    await other.open(2);
    const find = () => other.call('nvmlDeviceGetGpuInstanceById', gpu, { u32: 3 }, { outHandle: 'instance' });
    const ask = async (handle: string) => (await other.call('nvmlGpuInstanceGetInfo', { handle }, room(24))).code;
    expect([(await find()).code, await ask('instance'), await ask('gpu')]).toEqual([0, 0, 2]);
    live.endProcess(20202, 2);
    live.destroyMig({ gpu: 2, gpuInstance: 3, computeInstance: 0 });
    expect([await ask('instance'), (await find()).code]).toEqual([2, 6]);
    await other.end();
  });
});

describe('without root', () => {
  test('what needs it answers 4, the rest as before', async () => {
    const plain = createNode(join(directory, 'plain'), { scenario: 'a100-mps', seed: 7, frozenClock: true });
    const other = await LibraryProcess.start(plain.libraryPath);
    await other.open(0);
    const errors = versioned(0x01000068, 104);
    expect((await other.call('nvmlDeviceGetSramEccErrorStatus', gpu, errors)).code).toBe(4);
    for (const [name, ...args] of [
      ['nvmlDeviceGetGpuInstanceById', { u32: 0 }, { outHandle: 'none' }],
      ['nvmlDeviceGetGpuInstanceRemainingCapacity', { u32: 19 }, { out: 'u32' }],
      ['nvmlDeviceGetGpuInstancePossiblePlacements_v2', { u32: 19 }, room(64), { inOut: '08000000' }],
      ['nvmlDeviceGetGpuInstances', { u32: 19 }, room(64), { inOut: '00000000' }],
    ] as const) {
      expect({ name, code: (await other.call(name, gpu, ...args)).code }).toEqual({ name, code: 4 });
    }
    expect((await library.call('nvmlDeviceGetSramEccErrorStatus', gpu, errors)).code).toBe(0);
    expect(await other.number('nvmlDeviceGetPowerUsage', gpu, { out: 'u32' })).toBe(256_436);
    await other.end();
  });
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFrozenFilesystem, frozenFilesystemObstacle } from '../../simulator/host/frozen-filesystem.mjs';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { LibraryProcess } from './library-process.ts';

/** What happens to a running library: faults, events, instances that come and go, a driver that leaves, time. */
const gpu = { handle: 'gpu' } as const;
let directory: string;
let node: SimulatedNode;
let library: LibraryProcess;
const others: LibraryProcess[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-behaviour-'));
  node = createNode(join(directory, 'node'), { scenario: 'hgx-h100', seed: 7, frozenClock: true });
  library = await LibraryProcess.start(node.libraryPath);
  await library.open(1);
});
afterEach(async () => {
  await library.end();
  for (const other of others.splice(0)) await other.end();
  rmSync(directory, { recursive: true, force: true });
});

async function anotherLibrary(): Promise<LibraryProcess> {
  const other = await LibraryProcess.start(node.libraryPath);
  others.push(other);
  return other;
}

const u32At = (hex: string | undefined, offset: number) => Buffer.from(hex ?? '', 'hex').readUInt32LE(offset);
const u64At = (hex: string | undefined, offset: number) =>
  Number(Buffer.from(hex ?? '', 'hex').readBigUInt64LE(offset));
const power = (of = library, name = 'gpu') => of.number('nvmlDeviceGetPowerUsage', { handle: name }, { out: 'u32' });
const memory = { inOut: '28000002'.padEnd(80, '0') };

/** Whether a promise is still open after a while. */
async function isPending(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const open = Symbol('open');
  const winner = await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, open))]);
  return winner === open;
}

describe('a GPU bound to another driver', () => {
  const count = (of: LibraryProcess) => of.number('nvmlDeviceGetCount_v2', { out: 'u32' });
  const busOf = async (of: LibraryProcess, index: number) => {
    const { code } = await of.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: 'found' });
    return code === 0 ? of.number('nvmlDeviceGetIndex', { handle: 'found' }, { out: 'u32' }) : { code };
  };
  const listed = () => readdirSync(join(node.directory, 'host/proc/driver/nvidia/gpus'));
  const driverOf = (address: string) => {
    const link = join(node.directory, 'host/sys/bus/pci/devices', address, 'driver');
    return existsSync(link) ? basename(readlinkSync(link)) : undefined;
  };

  test('is neither counted nor listed nor found, and the indexes behind it move', async () => {
    node.bind(2, 'vfio-pci');
    expect(await count(library)).toBe(7);
    const third = node.read().gpus[3]?.attributes.get('uuid') as string;
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 2 }, { outHandle: 'two' });
    expect((await library.call('nvmlDeviceGetUUID', { handle: 'two' }, { outText: 96 }, { u32: 96 })).out).toContain(
      third,
    );
    expect(await busOf(library, 6)).toBe(6);
    expect(await busOf(library, 7)).toEqual({ code: 2 });
    expect(
      (await library.call('nvmlDeviceGetHandleByPciBusId_v2', { text: '0000:3d:00.0' }, { outHandle: 'x' })).code,
    ).toBe(6);
    expect(listed()).toHaveLength(7);
    expect(listed()).not.toContain('0000:3d:00.0');
    expect(driverOf('0000:3d:00.0')).toBe('vfio-pci');
    expect(existsSync(join(node.directory, 'host/dev/nvidia2'))).toBe(false);
    expect(existsSync(join(node.directory, 'host/dev/nvidia3'))).toBe(true);
    expect(existsSync(join(node.directory, 'host/dev/vfio/devices/vfio2'))).toBe(true);
  });

  test('comes back to its place', async () => {
    node.bind(2, '');
    expect(driverOf('0000:3d:00.0')).toBeUndefined();
    node.bind(2, 'nvidia');
    expect(await count(library)).toBe(8);
    expect(listed()).toContain('0000:3d:00.0');
    expect(driverOf('0000:3d:00.0')).toBe('nvidia');
    expect(existsSync(join(node.directory, 'host/dev/vfio'))).toBe(false);
  });

  test('stays where it is while a process holds its node', async () => {
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 3 }, { outHandle: 'three' });
    expect(() => node.bind(3, 'vfio-pci')).toThrow(`GPU 3 is in use by process ${library.pid}`);
    expect(await count(library)).toBe(8);
  });

  test('takes a fault of its own along', async () => {
    node.fault({ function: 'nvmlDeviceGetHandleByIndex_v2', gpu: 3, code: 15 });
    node.bind(2, 'vfio-pci');
    expect(await busOf(library, 2)).toEqual({ code: 15 });
    expect(await busOf(library, 3)).toBe(3);
  });
});

describe('faults', () => {
  test('a code strikes one function of one GPU, until cleared', async () => {
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 2 }, { outHandle: 'two' });
    const id = node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu: 1, code: 999 });
    expect(await power()).toEqual({ code: 999 });
    expect(await power(library, 'two')).toBe(73_031);
    expect((await library.call('nvmlDeviceGetMemoryInfo_v2', gpu, memory)).code).toBe(0);
    node.clear(id);
    expect(await power()).toBe(519_228);
  });

  test('a code of "not found" is told as it is, also where a GPU that is not there is an invalid argument', async () => {
    const lookUp = async (index: number) =>
      (await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: 'found' })).code;
    node.fault({ function: 'nvmlDeviceGetHandleByIndex_v2', gpu: 1, code: 6 });
    expect([await lookUp(0), await lookUp(1), await lookUp(8)]).toEqual([0, 6, 2]);
  });

  test('a fault of one process leaves others alone', async () => {
    const other = await anotherLibrary();
    await other.open(1);
    node.fault({ pid: other.pid, code: 10 });
    expect(await power()).toBe(519_228);
    expect(await power(other)).toEqual({ code: 10 });
  });

  test('latency is waited, busy time is burnt', async () => {
    node.fault({ function: 'nvmlDeviceGetPowerUsage', latencyMicroseconds: 150_000 });
    node.fault({ function: 'nvmlDeviceGetIndex', busyMicroseconds: 150_000 });
    const cpu = () => {
      const fields = readFileSync(`/proc/${library.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    const started = performance.now();
    const idleCpu = cpu();
    await power();
    expect(performance.now() - started).toBeGreaterThanOrEqual(150);
    const busyCpu = cpu();
    expect(busyCpu - idleCpu).toBeLessThan(8);
    await library.call('nvmlDeviceGetIndex', gpu, { out: 'u32' });
    // 150 ms are 15 ticks of the kernel's CPU accounting; one may be cut off.
    expect(cpu() - busyCpu).toBeGreaterThanOrEqual(14);
  });

  test('a killable hang of the whole driver holds init and shutdown too, and ends when cleared', async () => {
    const other = await anotherLibrary();
    const id = node.fault({ hang: 'killable' });
    const init = other.call('nvmlInitWithFlags', { u32: 3 });
    const shutdown = library.call('nvmlShutdown');
    expect(await isPending(Promise.race([init, shutdown]), 300)).toBe(true);
    node.clear(id);
    expect([(await init).code, (await shutdown).code]).toEqual([0, 0]);
  });

  test('a later start leaves calls alone until then', async () => {
    node.fault({ function: 'nvmlDeviceGetPowerUsage', code: 19, afterMicroseconds: 400_000 });
    expect(await power()).toBe(519_228);
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await power()).toEqual({ code: 19 });
  });

  test('a lost GPU answers 15 to everything, its neighbours go on', async () => {
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 2 }, { outHandle: 'two' });
    const id = node.lose(1);
    expect(await power()).toEqual({ code: 15 });
    expect((await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 1 }, { outHandle: 'again' })).code).toBe(15);
    expect(await power(library, 'two')).toBe(73_031);
    expect((await library.call('nvmlDeviceGetCount_v2', { out: 'u32' })).out).toEqual(['8']);
    node.clear(id);
    expect(await power()).toBe(519_228);
  });

  test('a fault without effect and a GPU there is not are refused', () => {
    expect(() => node.fault({ gpu: 1 })).toThrow(/needs an effect/);
    expect(() => node.fault({ gpu: 8, code: 1 })).toThrow(/expected 0 to 7, got 8/);
    expect(() => node.fault({ hang: 'd-state' })).toThrow(/frozen file system/);
    expect(() => node.clear(1)).toThrow(/no fault 1/);
  });
});

describe('events', () => {
  const event = { inOut: '00'.repeat(32) };

  beforeEach(async () => {
    await library.call('nvmlEventSetCreate', { outHandle: 'set' });
  });

  test('XIDs come in order to whoever registered, with ids that do not apply', async () => {
    node.xid(1, [62]); // Before registration: lost.
    await library.call('nvmlDeviceRegisterEvents', gpu, { u64: 0x8 }, { handle: 'set' });
    node.xid(2, [31]);
    node.xid(1, [79, 119]);
    for (const xid of [79, 119]) {
      const { code, out } = await library.call('nvmlEventSetWait_v2', { handle: 'set' }, event, { u32: 1000 });
      expect([code, u64At(out[0], 8), u64At(out[0], 16)]).toEqual([0, 8, xid]);
      expect([u32At(out[0], 24), u32At(out[0], 28)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    }
    expect((await library.call('nvmlEventSetWait_v2', { handle: 'set' }, event, { u32: 0 })).code).toBe(10);
  });

  test('a waiting call is woken by the event and by the loss of a GPU', async () => {
    await library.call('nvmlDeviceRegisterEvents', gpu, { u64: 0x8 }, { handle: 'set' });
    const waiting = library.call('nvmlEventSetWait_v2', { handle: 'set' }, event, { u32: 10_000 });
    expect(await isPending(waiting, 100)).toBe(true);
    node.xid(1, [48]);
    expect(u64At((await waiting).out[0], 16)).toBe(48);
    const again = library.call('nvmlEventSetWait_v2', { handle: 'set' }, event, { u32: 10_000 });
    node.lose(1);
    expect((await again).code).toBe(15);
    expect((await library.call('nvmlEventSetWait_v2', { handle: 'set' }, event, { u32: 10_000 })).code).toBe(15);
  });

  test('a type the GPU lacks registers nothing; a freed set is refused', async () => {
    const set = { handle: 'set' };
    expect((await library.call('nvmlDeviceRegisterEvents', gpu, { u64: 0x48 }, set)).code).toBe(3);
    node.xid(1, [79]);
    expect((await library.call('nvmlEventSetWait_v2', set, event, { u32: 0 })).code).toBe(10);
    expect((await library.call('nvmlEventSetFree', set)).code).toBe(0);
    expect((await library.call('nvmlEventSetWait_v2', set, event, { u32: 0 })).code).toBe(2);
  });
});

describe('a driver that goes and comes', () => {
  test('unloading is refused while a device is held, and names who holds it', async () => {
    expect(() => node.unload()).toThrow(new RegExp(`process ${library.pid} holds nvidia`));
    await library.call('nvmlShutdown');
    node.unload();
    expect((await library.call('nvmlInitWithFlags', { u32: 3 })).code).toBe(9);
    node.load();
    await library.open(1);
    expect(await power()).toBe(519_228);
  });

  test('after a load of another branch the old library does not fit, a new process does', async () => {
    await library.call('nvmlShutdown');
    node.unload();
    node.load('590');
    expect((await library.call('nvmlInitWithFlags', { u32: 3 })).code).toBe(18);
    const other = await anotherLibrary();
    await other.open(1);
    const version = await other.call('nvmlSystemGetDriverVersion', { outText: 80 }, { u32: 80 });
    expect(version.out).toEqual(['590.48.01']);
  });

  test('what was initialised under an earlier load no longer answers', async () => {
    node.load('580');
    expect(await power()).toEqual({ code: 999 });
    await library.call('nvmlShutdown');
    await library.open(1);
    expect(await power()).toBe(519_228);
  });
});

describe('MIG', () => {
  const instance = {
    gpu: 1,
    gpuInstance: 9,
    computeInstance: 0,
    profile: '1g.10gb',
    slices: 1,
    multiprocessors: 16,
    copyEngines: 1,
    decoders: 1,
    memoryTotalBytes: 10_468_982_784,
    memoryUsedBytes: 13_631_488,
    bar1TotalBytes: 6_484_393_984,
  };

  test('an instance comes and goes; its handle dies with it, also when its ids are given out again', async () => {
    expect(() => node.createMig(instance)).toThrow(/not in MIG mode/);
    node.endProcess(4101, 1);
    node.endProcess(4102, 1);
    node.set(1, { migMode: 1, migModePending: 1 });
    const lookUp = () =>
      library.call('nvmlDeviceGetMigDeviceHandleByIndex', gpu, { u32: 0 }, { outHandle: 'instance' });
    expect((await lookUp()).code).toBe(6);
    expect((await library.call('nvmlDeviceGetUtilizationRates', gpu, { inOut: '00'.repeat(8) })).code).toBe(3);
    node.createMig(instance);
    expect((await lookUp()).code).toBe(0);
    const mig = { handle: 'instance' };
    const text = await library.call('nvmlDeviceGetName', mig, { outText: 96 }, { u32: 96 });
    expect(text.out).toEqual(['NVIDIA H100 80GB HBM3 MIG 1g.10gb']);
    const uuid = await library.call('nvmlDeviceGetUUID', mig, { outText: 96 }, { u32: 96 });
    expect(uuid.out).toEqual(['MIG-51000000-0001-4009-8000-000000000007']);
    const attributes = await library.call('nvmlDeviceGetAttributes_v2', mig, { inOut: '00'.repeat(40) });
    expect([u32At(attributes.out[0], 0), u64At(attributes.out[0], 32)]).toEqual([16, 9984]);
    expect(await library.number('nvmlDeviceGetGpuInstanceId', mig, { out: 'u32' })).toBe(9);
    expect(await power(library, 'instance')).toEqual({ code: 3 });
    node.startProcess({
      gpu: 1,
      pid: 4200,
      type: 'compute',
      usedBytes: 1_073_741_824,
      gpuInstance: 9,
      computeInstance: 0,
    });
    const used = await library.call('nvmlDeviceGetMemoryInfo_v2', mig, memory);
    expect(u64At(used.out[0], 32)).toBe(13_631_488 + 1_073_741_824);
    node.destroyMig(instance);
    expect((await library.call('nvmlDeviceGetUUID', mig, { outText: 96 }, { u32: 96 })).code).toBe(2);
    node.createMig(instance);
    expect((await library.call('nvmlDeviceGetUUID', mig, { outText: 96 }, { u32: 96 })).code).toBe(2);
    expect((await lookUp()).code).toBe(0);
  });
});

describe('time', () => {
  const energy = () => library.number('nvmlDeviceGetTotalEnergyConsumption', gpu, { out: 'u64' });

  test('nothing moves while the clock stands; energy is the exact integral of power when it moves', async () => {
    node.setLoad(1, [{ seconds: 3600, percent: 50 }]);
    const before = await energy();
    expect(await energy()).toBe(before);
    node.clock({ advanceSeconds: 1000 });
    // Idle 72.022 W, full load 631.030 W: 351.526 W at half load.
    expect(Number(await energy()) - Number(before)).toBe(351_526_000);
  });

  test('a load that changes counts with what it was before', async () => {
    node.setLoad(1, [{ seconds: 3600, percent: 0 }]);
    const before = Number(await energy());
    node.clock({ advanceSeconds: 10 });
    node.setLoad(1, [{ seconds: 3600, percent: 100 }]);
    node.clock({ advanceSeconds: 10 });
    expect(Number(await energy()) - before).toBe(720_220 + 6_310_300);
    expect(await power()).toBe(631_030);
  });

  test('samples are filled from the start, lie a period apart and follow the wall clock', async () => {
    node.setLoad(1, [{ seconds: 3600, percent: 37 }]);
    node.clock({ advanceSeconds: 60 });
    const samples = async (lastSeen: number) => {
      const { code, out } = await library.call(
        'nvmlDeviceGetSamples',
        gpu,
        { u32: 1 },
        { u64: lastSeen },
        { out: 'u32' },
        { inOut: '80000000' },
        { inOut: '00'.repeat(16 * 128) },
      );
      const count = u32At(out[1], 0);
      return {
        code,
        values: Array.from({ length: count }, (_, i) => [u64At(out[2], 16 * i), u32At(out[2], 16 * i + 8)]),
      };
    };
    const first = await samples(0);
    expect([first.code, first.values.length]).toEqual([0, 120]);
    expect(new Set(first.values.map(([, percent]) => percent))).toEqual(new Set([37]));
    const stamps = first.values.map(([stamp]) => stamp ?? 0);
    expect(new Set(stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? 0)))).toEqual(new Set([166_667]));
    const newest = stamps.at(-1) ?? 0;
    expect((await samples(newest)).code).toBe(6);
    node.clock({ advanceSeconds: 1 });
    expect((await samples(newest)).values.length).toBe(6);
    node.clock({ jumpRealtimeSeconds: 3600 });
    expect((await samples(newest + 3_000_000_000)).values.length).toBe(120);
  });
});

describe.skipIf(frozenFilesystemObstacle() !== undefined)('a hang in the kernel', () => {
  test('a call sleeps in D and goes on when the file system is thawed', async () => {
    const frozen = createFrozenFilesystem(directory);
    try {
      const gate = frozen.path('gate');
      writeFileSync(gate, '');
      const id = node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu: 1, hang: 'd-state', frozenFile: gate });
      frozen.freeze();
      const hanging = power();
      const state = () => readFileSync(`/proc/${library.pid}/stat`, 'utf8').split(') ')[1]?.[0];
      await expect.poll(state, { timeout: 5_000 }).toBe('D');
      expect(await isPending(hanging, 200)).toBe(true);
      frozen.thaw();
      expect(await hanging).toBe(519_228);
      node.clear(id);
    } finally {
      frozen.dispose();
    }
  });
});

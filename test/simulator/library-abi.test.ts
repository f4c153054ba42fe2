import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { LibraryProcess } from './library-process.ts';

/** What the library answers and how: codes, sizes, sentinels, per-branch differences. */
const root = join(import.meta.dirname, '../..');
const gpu = { handle: 'gpu' } as const;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-abi-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function makeNode(name: string, options: { scenario?: string; branch?: string } = {}): SimulatedNode {
  return createNode(join(directory, name), { scenario: 'hgx-h100', seed: 7, frozenClock: true, ...options });
}

async function withLibrary(node: SimulatedNode, action: (library: LibraryProcess) => Promise<void>): Promise<void> {
  const library = await LibraryProcess.start(node.libraryPath);
  try {
    await action(library);
  } finally {
    await library.end();
  }
}

/** Little-endian words at byte offsets of a struct. */
const u32At = (hex: string | undefined, offset: number) => Buffer.from(hex ?? '', 'hex').readUInt32LE(offset);
const u64At = (hex: string | undefined, offset: number) =>
  Number(Buffer.from(hex ?? '', 'hex').readBigUInt64LE(offset));
/** Memory with a version word in front. */
const struct = (bytes: number, word: number) => {
  const memory = Buffer.alloc(bytes);
  memory.writeUInt32LE(word, 0);
  return { inOut: memory.toString('hex') };
};

describe('exports', () => {
  test.each([
    ['535', 327],
    ['550', 347],
    ['580', 396],
    ['590', 402],
  ])('branch %s exports %i declared names, three undeclared ones and the mark', (branch, declared) => {
    const library = join(root, 'out/simulator', branch, 'libnvidia-ml.so.1');
    const names = execFileSync('nm', ['-D', '--defined-only', library], { encoding: 'utf8' }).trim().split('\n');
    expect(names.length).toBe(declared + 3 + 1);
    execFileSync(join(root, 'simulator/nvml/check-exports'), [library, branch]);
  });

  test('a library with one name more is refused', () => {
    const library = join(root, 'out/simulator/590/libnvidia-ml.so.1');
    const other = join(directory, 'too-new.so');
    copyFileSync(library, other);
    expect(() => execFileSync(join(root, 'simulator/nvml/check-exports'), [other, '580'], { stdio: 'pipe' })).toThrow();
  });

  test('what came later is missing, so that fallbacks run', async () => {
    await withLibrary(makeNode('old', { branch: '535' }), async (library) => {
      await library.open();
      expect((await library.call('nvmlDeviceGetTemperatureV', gpu, { null: true })).missing).toBe(true);
      expect(await library.number('nvmlDeviceGetTemperature', gpu, { u32: 0 }, { out: 'u32' })).toBe(56);
    });
  });
});

describe('life of the library', () => {
  test('calls before init answer 1, also those that are not simulated', async () => {
    await withLibrary(makeNode('uninitialised'), async (library) => {
      expect((await library.call('nvmlDeviceGetCount_v2', { out: 'u32' })).code).toBe(1);
      expect((await library.call('nvmlDeviceSetPersistenceMode', { null: true }, { u32: 1 })).code).toBe(1);
      expect((await library.call('nvmlShutdown')).code).toBe(1);
    });
  });

  test('init counts: the second shutdown ends it, a third is no error', async () => {
    await withLibrary(makeNode('counted'), async (library) => {
      await library.open();
      expect((await library.call('nvmlInit_v2')).code).toBe(0);
      expect((await library.call('nvmlShutdown')).code).toBe(0);
      expect((await library.call('nvmlDeviceGetIndex', gpu, { out: 'u32' })).code).toBe(0);
      expect((await library.call('nvmlShutdown')).code).toBe(0);
      expect((await library.call('nvmlDeviceGetIndex', gpu, { out: 'u32' })).code).toBe(1);
      expect((await library.call('nvmlShutdown')).code).toBe(0);
    });
  });

  test('a handle from before a shutdown is refused, and new ones differ', async () => {
    await withLibrary(makeNode('stale'), async (library) => {
      await library.open();
      await library.call('nvmlShutdown');
      await library.call('nvmlInitWithFlags', { u32: 3 });
      expect((await library.call('nvmlDeviceGetIndex', gpu, { out: 'u32' })).code).toBe(2);
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 0 }, { outHandle: 'gpu' });
      expect((await library.call('nvmlDeviceGetIndex', gpu, { out: 'u32' })).code).toBe(0);
    });
  });

  test('device nodes are open while initialised: control alone, then each GPU at its lookup', async () => {
    const node = makeNode('nodes');
    await withLibrary(node, async (library) => {
      const held = () =>
        node
          .holders()
          .filter(({ pid }) => pid === library.pid)
          .map((holder) => holder.node)
          .sort();
      await library.call('nvmlInitWithFlags', { u32: 3 });
      expect(held()).toEqual(['nvidiactl']);
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 2 }, { outHandle: 'gpu' });
      expect(held()).toEqual(['nvidia2', 'nvidiactl']);
      await library.call('nvmlInit_v2');
      expect(held().length).toBe(9);
      await library.call('nvmlShutdown');
      await library.call('nvmlShutdown');
      expect(held()).toEqual([]);
    });
  });

  test('the mark of the simulation says what it is', async () => {
    await withLibrary(makeNode('mark', { branch: '590' }), async (library) => {
      expect(await library.textOf('gpuNodeSimulatorInfo')).toBe('scenario=hgx-h100 seed=7 branch=590.48.01');
    });
  });

  test('without a state file beside it there is no driver', async () => {
    const lonely = join(directory, 'lonely');
    mkdirSync(lonely);
    copyFileSync(join(root, 'out/simulator/580/libnvidia-ml.so.1'), join(lonely, 'libnvidia-ml.so.1'));
    const library = await LibraryProcess.start(join(lonely, 'libnvidia-ml.so.1'));
    expect((await library.call('nvmlInit_v2')).code).toBe(9);
    await library.end();
  });
});

describe('contracts', () => {
  let library: LibraryProcess;
  beforeAll(async () => {
    library = await LibraryProcess.start(makeNode('contracts').libraryPath);
    await library.open();
  });
  afterAll(() => library.end());

  test('NULL is refused', async () => {
    expect((await library.call('nvmlDeviceGetUUID', gpu, { null: true }, { u32: 96 })).code).toBe(2);
    expect((await library.call('nvmlDeviceGetMemoryInfo_v2', gpu, { null: true })).code).toBe(2);
    expect((await library.call('nvmlDeviceGetPowerUsage', gpu, { null: true })).code).toBe(2);
    expect((await library.call('nvmlDeviceGetName', { null: true }, { outText: 96 }, { u32: 96 })).code).toBe(2);
  });

  test('a text needs room for its end', async () => {
    const name = 'NVIDIA H100 80GB HBM3';
    const short = await library.call('nvmlDeviceGetName', gpu, { outText: 96 }, { u32: name.length });
    expect(short.code).toBe(7);
    const enough = await library.call('nvmlDeviceGetName', gpu, { outText: 96 }, { u32: name.length + 1 });
    expect(enough).toMatchObject({ code: 0, out: [name] });
  });

  test('version words are checked, but the memory struct takes the bare number', async () => {
    expect((await library.call('nvmlDeviceGetTemperatureV', gpu, struct(12, 0x0100000d))).code).toBe(25);
    expect((await library.call('nvmlDeviceGetMemoryInfo_v2', gpu, struct(40, 0x03000028))).code).toBe(25);
    for (const word of [2, 0x02000028]) {
      const { code, out } = await library.call('nvmlDeviceGetMemoryInfo_v2', gpu, struct(40, word));
      expect(code).toBe(0);
      // GPU 0: 85520809984 in all, 502267904 reserved, 7405568 of its own and 20780679168 of process 4101.
      expect([8, 16, 32, 24].map((offset) => u64At(out[0], offset))).toEqual([
        85_520_809_984, 502_267_904, 20_788_084_736, 64_230_457_344,
      ]);
    }
  });

  test('the first memory struct counts what is reserved as used', async () => {
    const { out } = await library.call('nvmlDeviceGetMemoryInfo', gpu, struct(24, 0));
    expect([0, 8, 16].map((offset) => u64At(out[0], offset))).toEqual([85_520_809_984, 64_230_457_344, 21_290_352_640]);
  });

  test('process lists: too small a buffer answers 7 with the count, versions have their sizes', async () => {
    await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 1 }, { outHandle: 'second' });
    const second = { handle: 'second' };
    const counted = await library.call(
      'nvmlDeviceGetComputeRunningProcesses_v3',
      second,
      { inOut: '00000000' },
      { null: true },
    );
    expect(counted).toMatchObject({ code: 7, out: ['02000000'] });
    for (const [version, stride] of [
      ['', 16],
      ['_v2', 24],
      ['_v3', 24],
    ] as const) {
      const room = { inOut: 'a5'.repeat(96) };
      const name = `nvmlDeviceGetComputeRunningProcesses${version}`;
      const { code, out } = await library.call(name, second, { inOut: '03000000' }, room);
      expect({ code, count: out[0] }).toEqual({ code: 0, count: '02000000' });
      expect([u32At(out[1], 0), u32At(out[1], stride)]).toEqual([4101, 4102]);
      expect([u64At(out[1], 8), u64At(out[1], stride + 8)]).toEqual([17_179_869_184, 2_147_483_648]);
      expect(
        Buffer.from(out[1] ?? '', 'hex')
          .subarray(2 * stride)
          .every((byte) => byte === 0xa5),
      ).toBe(true);
      if (stride > 16) expect([u32At(out[1], 16), u32At(out[1], 20)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    }
  });

  test('GPUs are found by UUID and by every spelling of the PCI address', async () => {
    for (const busId of ['00000000:2C:00.0', '0000:2c:00.0', '2C:00.0', '2c:0']) {
      const { code } = await library.call('nvmlDeviceGetHandleByPciBusId_v2', { text: busId }, { outHandle: 'found' });
      expect({ busId, code }).toEqual({ busId, code: 0 });
      expect(await library.number('nvmlDeviceGetIndex', { handle: 'found' }, { out: 'u32' })).toBe(1);
    }
    const uuid = 'GPU-51000000-0000-4000-8000-000000070003';
    await library.call('nvmlDeviceGetHandleByUUID', { text: uuid }, { outHandle: 'found' });
    expect(await library.number('nvmlDeviceGetIndex', { handle: 'found' }, { out: 'u32' })).toBe(2);
    const missing = { text: 'GPU-00000000-0000-0000-0000-000000000000' };
    expect((await library.call('nvmlDeviceGetHandleByUUID', missing, { outHandle: 'none' })).code).toBe(6);
    expect((await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 8 }, { outHandle: 'none' })).code).toBe(2);
  });

  test('neighbours share a host bridge, others a NUMA node or the system alone', async () => {
    for (const [index, level] of [
      [0, 0],
      [1, 30],
      [2, 40],
      [4, 50],
    ] as const) {
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: 'other' });
      const other = { handle: 'other' };
      expect(await library.number('nvmlDeviceGetTopologyCommonAncestor', gpu, other, { out: 'u32' })).toBe(level);
    }
  });
});

/** Reads one field; its value as an unsigned number, or the code. */
async function field(library: LibraryProcess, id: number, scope = 0): Promise<number | string> {
  const entry = Buffer.alloc(40);
  entry.writeUInt32LE(id, 0);
  entry.writeUInt32LE(scope, 4);
  entry.writeUInt32LE(999, 28);
  const { out } = await library.call('nvmlDeviceGetFieldValues', gpu, { u32: 1 }, { inOut: entry.toString('hex') });
  const code = u32At(out[0], 28);
  if (code !== 0) return `code ${code}`;
  return u32At(out[0], 24) === 3 ? u64At(out[0], 32) : u32At(out[0], 32);
}

describe('field values', () => {
  test.each([
    ['535', []],
    ['550', []],
    ['580', [251, 252, 253]],
    ['590', [269, 270, 271]],
  ])('branch %s has its slowdown counters at %j', async (branch, ids) => {
    await withLibrary(makeNode(`fields-${branch}`, { branch }), async (library) => {
      await library.open();
      const read = [];
      for (const id of [251, 252, 253, 269, 270, 271]) read.push([id, await field(library, id)] as const);
      expect(read.filter(([, value]) => value !== 'code 3')).toEqual(
        ids.map((id, place) => [id, 31_000_000_013 + place * 10_000_000_000]),
      );
      // Bytes over PCIe came with r555, the recovery action with r570.
      expect(await field(library, 197)).toBe(ids.length === 0 ? 'code 3' : 7_000_000_000_001);
      expect(await field(library, 230)).toBe(ids.length === 0 ? 'code 3' : 0);
    });
  });

  test('scopes select memory power and links', async () => {
    await withLibrary(makeNode('scopes'), async (library) => {
      await library.open();
      expect(await field(library, 185, 2)).toBe(86_019);
      expect(await field(library, 186, 2)).toBe('code 3');
      expect(await field(library, 91)).toBe(18);
      expect(await field(library, 138, 3)).toBe(900_000_000_001 + 3 * 1009);
      expect(await field(library, 138, 18)).toBe('code 2');
      expect(await field(library, 138, 0xffff_ffff)).toBe(18 * 900_000_000_001 + 1009 * 153);
      expect(await field(library, 193)).toBe(2 ** 32 - 8);
      expect(await field(library, 82)).toBe(68);
    });
  });
});

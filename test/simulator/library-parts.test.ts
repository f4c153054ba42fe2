import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import { LibraryProcess } from './library-process.ts';

/** Calls about parts and neighbours that no reading of the sampler shows. */
const gpu = { handle: 'gpu' } as const;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-parts-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function withGpu(
  name: string,
  {
    index = 0,
    ...options
  }: { scenario: string; index?: number; branch?: string; callLatency?: Record<string, number> },
  action: (library: LibraryProcess) => Promise<void>,
): Promise<void> {
  const node = createNode(join(directory, name), { seed: 7, frozenClock: true, ...options });
  const library = await LibraryProcess.start(node.libraryPath);
  try {
    await library.open(index);
    await action(library);
  } finally {
    await library.end();
  }
}

const u32At = (hex: string | undefined, offset: number) => Buffer.from(hex ?? '', 'hex').readUInt32LE(offset);
const room = (bytes: number) => ({ inOut: '00'.repeat(bytes) });
const versioned = (word: number, bytes: number) => {
  const memory = Buffer.alloc(bytes);
  memory.writeUInt32LE(word, 0);
  return { inOut: memory.toString('hex') };
};

/** Code or value of one field. */
async function field(library: LibraryProcess, id: number, scope = 0): Promise<number | string> {
  const entry = Buffer.alloc(40);
  entry.writeUInt32LE(id, 0);
  entry.writeUInt32LE(scope, 4);
  const { out } = await library.call('nvmlDeviceGetFieldValues', gpu, { u32: 1 }, { inOut: entry.toString('hex') });
  const code = u32At(out[0], 28);
  return code === 0 ? Number(Buffer.from(out[0] ?? '', 'hex').readBigUInt64LE(32)) : `code ${code}`;
}

describe('peers', () => {
  test('linked GPUs reach each other, one in MIG mode nobody', async () => {
    await withGpu('peers', { scenario: 'gb200' }, async (library) => {
      const status = async (index: number) => {
        await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: index }, { outHandle: 'peer' });
        const peer = { handle: 'peer' };
        const all = [];
        for (const way of [0, 1, 2, 3, 4]) {
          all.push(await library.number('nvmlDeviceGetP2PStatus', gpu, peer, { u32: way }, { out: 'u32' }));
        }
        return all;
      };
      // Read, write, NVLink, atomics, PCI.
      expect(await status(1)).toEqual([0, 0, 0, 0, 1]);
      expect(await status(3)).toEqual([2, 2, 2, 2, 2]);
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 1 }, { outHandle: 'peer' });
      const past = await library.call('nvmlDeviceGetP2PStatus', gpu, { handle: 'peer' }, { u32: 5 }, { out: 'u32' });
      expect(past.code).toBe(2);
    });
  });

  test('without links a host bridge is as far as it goes', async () => {
    await withGpu('bridges', { scenario: 't4-timeslice' }, async (library) => {
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 1 }, { outHandle: 'peer' });
      const ask = (way: number) =>
        library.number('nvmlDeviceGetP2PStatus', gpu, { handle: 'peer' }, { u32: way }, { out: 'u32' });
      expect([await ask(0), await ask(2), await ask(4)]).toEqual([0, 5, 0]);
    });
  });
});

describe('links', () => {
  test('a Hopper in MIG mode tells nothing of its links, an Ampere how many there are', async () => {
    const node = createNode(join(directory, 'divided'), { scenario: 'hgx-h100', seed: 7, frozenClock: true });
    node.set(2, { migMode: 1, migModePending: 1 });
    const library = await LibraryProcess.start(node.libraryPath);
    await library.open(2);
    expect([await field(library, 91), await field(library, 138, 0xffff_ffff)]).toEqual(['code 3', 'code 3']);
    expect((await library.call('nvmlDeviceGetNvLinkState', gpu, { u32: 0 }, { out: 'u32' })).code).toBe(3);
    await library.end();
    await withGpu('ampere', { scenario: 'dgx-a100-mig', index: 2 }, async (ampere) => {
      expect([await field(ampere, 91), await field(ampere, 38), await field(ampere, 160)]).toEqual([
        12,
        'code 3',
        'code 3',
      ]);
    });
  });

  test('NVLink 5 counts in fields of its own, which older branches do not know', async () => {
    await withGpu('blackwell', { scenario: 'gb200' }, async (library) => {
      expect(await field(library, 202, 17)).toBe(691_200_000_000_011 + 17);
      expect(await field(library, 161, 0)).toBe('code 3');
      expect(await field(library, 220, 0)).toBe(0x10f);
      expect(await field(library, 250, 1)).toBe(Math.floor(123_456_789_012_345 / 4 ** 15) + 1);
      expect(await field(library, 202, 18)).toBe('code 2');
      expect(await field(library, 172, 9)).toBe(44_721);
      expect(await field(library, 172, 10)).toBe('code 2');
    });
    await withGpu('blackwell-550', { scenario: 'gb200', branch: '550' }, async (library) => {
      expect([await field(library, 202), await field(library, 232), await field(library, 170)]).toEqual([
        'code 3',
        'code 3',
        10,
      ]);
    });
  });
});

describe('sessions and accounts', () => {
  test('the number of sessions is asked with a count of 0, and is no error', async () => {
    await withGpu('sessions', { scenario: 'rtx-desk' }, async (library) => {
      const counted = await library.call('nvmlDeviceGetEncoderSessions', gpu, { inOut: '00000000' }, { null: true });
      expect(counted).toMatchObject({ code: 0, out: ['01000000'] });
      const { code, out } = await library.call('nvmlDeviceGetEncoderSessions', gpu, { inOut: '01000000' }, room(32));
      expect(code).toBe(0);
      // session, process, width, frames per second
      expect([0, 4, 16, 24].map((offset) => u32At(out[1], offset))).toEqual([1, 91_001, 1920, 60]);
    });
  });

  test('accounts are kept while accounting is on', async () => {
    await withGpu('accounts', { scenario: 'a100-mps' }, async (library) => {
      const pids = await library.call('nvmlDeviceGetAccountingPids', gpu, { inOut: '08000000' }, room(32));
      expect(pids.out[0]).toBe('04000000');
      const { code, out } = await library.call('nvmlDeviceGetAccountingStats', gpu, { u32: 81_000 }, room(56));
      expect([code, u32At(out[0], 0), u32At(out[0], 4), u32At(out[0], 32)]).toEqual([0, 86, 38, 1]);
      expect((await library.call('nvmlDeviceGetAccountingStats', gpu, { u32: 4 }, room(56))).code).toBe(6);
      await library.call('nvmlDeviceGetHandleByIndex_v2', { u32: 1 }, { outHandle: 'other' });
      const off = await library.call('nvmlDeviceGetAccountingStats', { handle: 'other' }, { u32: 81_101 }, room(56));
      expect(off.code).toBe(3);
    });
  });
});

describe('confidential computing', () => {
  test('a confidential machine says so; any other has no protected memory', async () => {
    await withGpu('confidential', { scenario: 'h100-confidential' }, async (library) => {
      const state = await library.call('nvmlSystemGetConfComputeState', room(12));
      expect([0, 4, 8].map((offset) => u32At(state.out[0], offset))).toEqual([2, 1, 0]);
      expect(await library.number('nvmlSystemGetConfComputeGpusReadyState', { out: 'u32' })).toBe(1);
      const settings = await library.call('nvmlSystemGetConfComputeSettings', versioned(0x01000014, 20));
      expect([settings.code, u32At(settings.out[0], 4)]).toEqual([0, 2]);
    });
    await withGpu('ordinary', { scenario: 'a100-mps' }, async (library) => {
      const memory = await library.call('nvmlDeviceGetConfComputeProtectedMemoryUsage', gpu, room(24));
      expect(memory).toMatchObject({ code: 0, out: ['00'.repeat(24)] });
      expect((await library.call('nvmlSystemGetConfComputeGpusReadyState', { out: 'u32' })).code).toBe(3);
    });
  });
});

describe('latency', () => {
  test('every call takes what the node was made with, those named what is said of them', async () => {
    const callLatency = { '*': 2_000, nvmlDeviceGetPowerUsage: 80_000 };
    await withGpu('latency', { scenario: 'rtx-desk', callLatency }, async (library) => {
      const took = async (name: string) => {
        const started = performance.now();
        await library.call(name, gpu, { out: 'u32' });
        return performance.now() - started;
      };
      expect(await took('nvmlDeviceGetPowerUsage')).toBeGreaterThanOrEqual(80);
      const others = [
        await took('nvmlDeviceGetIndex'),
        await took('nvmlDeviceGetIndex'),
        await took('nvmlDeviceGetIndex'),
      ];
      expect(Math.min(...others)).toBeGreaterThanOrEqual(2);
      expect(Math.min(...others)).toBeLessThan(80);
    });
  });

  test('what is no function or no time is refused', () => {
    const make = (callLatency: Record<string, number>) =>
      createNode(join(directory, 'refused'), { scenario: 'rtx-desk', callLatency });
    expect(() => make({ ioctl: 1 })).toThrow(/expected a function of the library/);
    expect(() => make({ '*': -1 })).toThrow(/expected microseconds/);
  });
});

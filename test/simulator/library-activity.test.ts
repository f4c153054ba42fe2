import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { LibraryProcess } from './library-process.ts';

/** Performance metrics: two samples of Hopper or newer, and what happened between them. */
const gpu = { handle: 'gpu' } as const;
let directory: string;
let node: SimulatedNode;
let library: LibraryProcess;

async function open(scenario: string, index: number, branch?: string): Promise<void> {
  node = createNode(join(directory, 'node'), {
    scenario,
    seed: 7,
    frozenClock: true,
    ...(branch === undefined ? {} : { branch }),
  });
  library = await LibraryProcess.start(node.libraryPath);
  await library.open(index);
  for (const name of ['first', 'second']) await library.call('nvmlGpmSampleAlloc', { outHandle: name });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-activity-'));
});
afterEach(async () => {
  await library.end();
  rmSync(directory, { recursive: true, force: true });
});

const sample = (name: string, device = 'gpu') => library.call('nvmlGpmSampleGet', { handle: device }, { handle: name });

/** Asks for metrics; code of the call, then of each metric its code or its value. */
async function metrics(ids: number[], version = 1): Promise<{ code: number | undefined; values: (number | string)[] }> {
  const handles = [library.address('first'), library.address('second')];
  const request = Buffer.alloc(24 + 40 * ids.length);
  request.writeUInt32LE(version, 0);
  request.writeUInt32LE(ids.length, 4);
  for (const [place, address] of handles.entries()) request.writeBigUInt64LE(address, 8 + 8 * place);
  for (const [place, id] of ids.entries()) request.writeUInt32LE(id, 24 + 40 * place);
  const { code, out } = await library.call('nvmlGpmMetricsGet', { inOut: request.toString('hex') });
  const answer = Buffer.from(out[0] ?? '', 'hex');
  const values = ids.map((_, place) => {
    const status = answer.readUInt32LE(28 + 40 * place);
    return status === 0 ? answer.readDoubleLE(32 + 40 * place) : `code ${status}`;
  });
  return { code, values };
}

const support = async () => {
  const { code, out } = await library.call('nvmlGpmQueryDeviceSupport', gpu, { inOut: '0100000000000000' });
  return [code, Buffer.from(out[0] ?? '', 'hex').readUInt32LE(4)];
};

describe('performance metrics', () => {
  test('Hopper has them, Ampere says it has not', async () => {
    await open('hgx-h100', 3);
    expect(await support()).toEqual([0, 1]);
    expect((await library.call('nvmlGpmQueryDeviceSupport', gpu, { inOut: '0200000000000000' })).code).toBe(25);
    await library.end();
    rmSync(join(directory, 'node'), { recursive: true });
    await open('a100-mps', 0);
    expect(await support()).toEqual([0, 0]);
    expect((await sample('first')).code).toBe(3);
  });

  test('samples are 100 ms apart or there is no data', async () => {
    await open('hgx-h100', 3);
    await sample('first');
    node.clock({ advanceSeconds: 0.099 });
    await sample('second');
    expect((await metrics([1])).code).toBe(21);
    node.clock({ advanceSeconds: 0.001 });
    await sample('second');
    // 13 percent of load, 99 of a hundred of it.
    expect(await metrics([1])).toEqual({ code: 0, values: [12.87] });
    expect((await metrics([1], 2)).code).toBe(25);
  });

  test('a load that changes in between counts by its time', async () => {
    await open('hgx-h100', 2);
    await sample('first');
    node.clock({ advanceSeconds: 6 });
    node.setLoad(2, [{ seconds: 60, percent: 50 }]);
    node.clock({ advanceSeconds: 2 });
    await sample('second');
    // Six seconds idle, two at 50 percent: 12.5; rates are MiB/s at full load times that.
    const { values } = await metrics([1, 10, 20, 61]);
    expect(values[0]).toBeCloseTo(12.5 * 0.99, 10);
    expect(values[1]).toBeCloseTo(12.5 * 0.9, 10);
    expect(values[2]).toBeCloseTo((1_902_000_000 * 0.125) / 1_048_576, 6);
    expect(values[3]).toBeCloseTo((18 * 1_102_000 * 0.125) / 1024, 6);
  });

  test('engines the GPU has not and metrics the branch does not know refuse, alone', async () => {
    await open('hgx-h100', 3, '550');
    await sample('first');
    node.clock({ advanceSeconds: 1 });
    await sample('second');
    const { values } = await metrics([2, 36, 37, 51, 100, 166, 248]);
    expect(values).toEqual([12.74, 8.32, 'code 3', 'code 3', 'code 3', 'code 3', 'code 3']);
  });

  test('an instance is sampled through its parent, and its rates are not told', async () => {
    await open('gb200', 3);
    const take = (name: string) => library.call('nvmlGpmMigSampleGet', gpu, { u32: 9 }, { handle: name });
    await take('first');
    node.clock({ advanceSeconds: 4 });
    await take('second');
    const { values } = await metrics([1, 47, 20, 60]);
    // 57 percent; of instance 9 that is 55 of a hundred.
    expect(values[0]).toBeCloseTo(57 * 0.55 * 0.99, 10);
    expect(values[1]).toBeCloseTo(57 * 0.55 * 0.53, 10);
    expect(values.slice(2)).toEqual(['code 3', 'code 3']);
    expect((await library.call('nvmlGpmMigSampleGet', gpu, { u32: 5 }, { handle: 'first' })).code).toBe(2);
    await sample('second');
    expect((await metrics([1])).code).toBe(2);
  });

  test('a sample that was freed is refused, a fault of the GPU strikes', async () => {
    await open('hgx-h100', 3);
    await sample('first');
    node.clock({ advanceSeconds: 1 });
    await sample('second');
    const id = node.fault({ function: 'nvmlGpmMetricsGet', gpu: 3, code: 999 });
    expect((await metrics([1])).code).toBe(999);
    node.clear(id);
    expect((await metrics([1])).code).toBe(0);
    expect((await library.call('nvmlGpmSampleFree', { handle: 'first' })).code).toBe(0);
    expect((await library.call('nvmlGpmSampleFree', { handle: 'first' })).code).toBe(2);
    expect((await metrics([1])).code).toBe(2);
  });
});

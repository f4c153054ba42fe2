import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { client } from './tools.ts';

/**
 * Debian's nvidia-smi of branch 535 on the simulated library. It comes as far as public functions carry it: init, then it
 * asks `nvmlInternalGetExportTable` for a table of functions that nothing public describes, and gives up without one,
 * whatever it was asked for. The simulated library exports that name, as the driver's does, and answers "not supported": what is
 * in the table we do not know, and do not make up. This test holds the place where it stops.
 */

const program = client('nvidia-smi');
const folder = mkdtempSync(join(tmpdir(), 'client-nvidia-smi-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly output: string;
  /** Functions of the driver's library that it looked up, in order. */
  readonly asked: readonly string[];
}

/** Runs it while the dynamic linker tells what it looks up. */
function run(node: SimulatedNode, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, LD_LIBRARY_PATH: join(node.libraryPath, '..'), LD_DEBUG: 'bindings' };
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const asked = [...stderr.matchAll(/symbol `(nvml\w+)'/g)].map(([, name]) => name ?? '');
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout, asked: [...new Set(asked)] });
    });
  });
}

describe.skipIf(program === '')('nvidia-smi 535', () => {
  const node = createNode(join(folder, 'node'), { scenario: 'rtx-desk', branch: '535', seed: 7, frozenClock: true });

  test.each([
    { args: [] },
    { args: ['-L'] },
    { args: ['-q', '-x'] },
    { args: ['--query-gpu=name', '--format=csv'] },
    { args: ['topo', '-m'] },
    { args: ['dmon', '-c', '1'] },
  ])('initialises, and stops for want of the undocumented table: $args', async ({ args }) => {
    const { code, output, asked } = await run(node, ...args);
    expect(asked).toEqual(['nvmlInitWithFlags', 'nvmlInternalGetExportTable', 'nvmlShutdown']);
    expect(output).toContain('Mismatch in versions between nvidia-smi and NVML');
    expect(code).toBe(255);
  });

  test('says that there is no driver when there is none', async () => {
    const unloaded = createNode(join(folder, 'unloaded'), { scenario: 'rtx-desk', branch: '535' });
    unloaded.unload();
    const { code, output, asked } = await run(unloaded, '-L');
    expect(asked).toEqual(['nvmlInitWithFlags', 'nvmlShutdown']);
    expect(output).toContain("couldn't communicate with the NVIDIA driver");
    expect(code).toBe(9);
  });

  test('says that the library does not fit the driver when it does not', async () => {
    const upgraded = createNode(join(folder, 'upgraded'), { scenario: 'rtx-desk', branch: '535' });
    upgraded.replaceLibrary('580');
    const { code, output } = await run(upgraded, '-L');
    expect(output).toContain('Driver/library version mismatch');
    expect(code).toBe(18);
  });
});

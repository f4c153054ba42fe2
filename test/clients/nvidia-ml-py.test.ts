import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import { type Call, callEveryGetter, defects, exported, type Run, unsimulated } from './calls.ts';
import { branches, expectationOf, isShort, scenarios } from './expectations.ts';
import { byArguments, differences } from './reading-calls.ts';
import { client } from './tools.ts';

/** NVIDIA's own Python binding on the simulated library: every getter it has, on every scenario and branch. */

const python = client('nvidia-ml-py');
const program = join(import.meta.dirname, 'every_getter.py');
const folder = mkdtempSync(join(tmpdir(), 'client-nvidia-ml-py-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Functions that some node gave a value, and functions that were called. */
const valued = new Set<string>();
const called = new Set<string>();

async function run(scenario: string, branch: string, frozenClock = true): Promise<Run> {
  const name = `${scenario}-${branch}-${frozenClock}`;
  const node = createNode(join(folder, name), { scenario, branch, frozenClock, seed: expectationOf(scenario).seed });
  const result = await callEveryGetter(python, [program], node);
  for (const call of result.calls) {
    called.add(call.function);
    if ('value' in call) valued.add(call.function);
  }
  return result;
}

describe.skipIf(python === '')('nvidia-ml-py', () => {
  describe.each(scenarios)('%s', (scenario) => {
    const expected = expectationOf(scenario);

    test('every getter is called and answers a value or a code of the interface', async () => {
      const result = await run(scenario, expected.branch);
      expect(result.unknown).toEqual([]);
      expect(defects(result)).toEqual([]);
      expect(result.subjects.gpus).toBe(expected.gpus.length);
      for (const gpu of expected.gpus) {
        expect(differences(result, gpu)).toEqual([]);
        const of = byArguments(result);
        const device = `GPU ${gpu.index}`;
        expect(of('Name', device)?.value).toBe(gpu.name);
        expect(of('UUID', device)?.value).toBe(gpu.uuid);
        expect(of('Serial', device)?.value).toBe(gpu.serial);
        expect(of('VbiosVersion', device)?.value).toBe(gpu.vbiosVersion);
        expect(of('PciInfo', device)?.value).toMatchObject({ busId: `0000${gpu.pciAddress}`.toUpperCase() });
        // As this binding spells the version word of the second structure.
        expect(of('MemoryInfo', device, '33554472')?.value).toMatchObject({
          total: gpu.readings.memory_total_bytes,
          reserved: gpu.readings.memory_reserved_bytes,
          free: gpu.readings.memory_free_bytes,
          used: gpu.readings.memory_used_bytes,
        });
        const lists = [of('ComputeRunningProcesses', device), of('GraphicsRunningProcesses', device)];
        const listed = lists.flatMap((call) => (call?.value ?? []) as { pid: number; usedGpuMemory: number | null }[]);
        const wanted = gpu.processes.filter(({ type }) => type !== 'mps');
        expect(
          listed
            .map(({ pid, usedGpuMemory }) => ({ pid, usedMemoryBytes: usedGpuMemory }))
            .sort((a, b) => a.pid - b.pid),
        ).toEqual(wanted.map(({ pid, usedMemoryBytes = null }) => ({ pid, usedMemoryBytes })));
        for (const [fan, readings] of (gpu.fans ?? []).entries()) {
          expect(of('FanSpeed_v2', device, String(fan))?.value).toBe(Math.round((readings.speed_ratio ?? 0) * 100));
          expect(of('TargetFanSpeed', device, String(fan))?.value).toBe(
            Math.round((readings.target_speed_ratio ?? 0) * 100),
          );
        }
      }
      // The first and the last of all MIG devices are looked at.
      const instances = expected.gpus.flatMap((gpu) => gpu.migInstances ?? []);
      for (const [position, instance] of instances.entries()) {
        if (position !== 0 && position !== instances.length - 1) continue;
        const of = byArguments(result);
        const device = `MIG ${position}`;
        expect(of('Name', device)?.value).toBe(instance.name);
        expect(of('GpuInstanceId', device)?.value).toBe(instance.gpuInstance);
        expect(of('Attributes', device)?.value).toMatchObject({ multiprocessorCount: instance.multiprocessors });
        expect(of('MemoryInfo', device, '33554472')?.value).toMatchObject({
          total: instance.memoryTotalBytes,
          used: instance.memoryUsedBytes,
        });
      }
    }, 120_000);
  });

  test.each(branches)(
    'branch %s answers every getter',
    async (branch) => {
      for (const scenario of ['hgx-h100', 'dgx-a100-mig']) {
        const result = await run(scenario, branch);
        expect(result.unknown).toEqual([]);
        // 550 knows the second form of this structure only.
        const isNewer = (call: Call) =>
          branch === '550' && call.code === 25 && call.arguments[1] === 'c_nvmlGpuFabricInfo_v3_t';
        expect(defects(result, isNewer)).toEqual([]);
      }
    },
    120_000,
  );

  test('activity is measured between two samples', async () => {
    const result = await run('hgx-h100', '580', false);
    const metrics = result.calls.find((call) => call.function === 'nvmlGpmMetricsGet')?.value as {
      metrics: { nvmlReturn: number; value: number }[];
    };
    const [first] = metrics.metrics;
    expect(first?.nvmlReturn).toBe(0);
    expect(first?.value).toBeCloseTo((expectationOf('hgx-h100').gpus[0]?.activity?.sm_activity_ratio ?? 0) * 100, 6);
  }, 60_000);

  // Three scenarios do not have everything.
  test.skipIf(isShort)('each function that is simulated and called has a value on some node', () => {
    const nobodyWrote = new Set(unsimulated('590'));
    const never = exported('590').filter((name) => called.has(name) && !valued.has(name) && !nobodyWrote.has(name));
    expect(called.size).toBeGreaterThan(200);
    // Nothing happened that could be waited for.
    expect(never.filter((name) => !/^nvmlEventSetWait/.test(name))).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import { type Call, callEveryGetter, defects, type Run } from './calls.ts';
import { branches, expectationOf, scenarios } from './expectations.ts';
import { byArguments, differences } from './reading-calls.ts';
import { client } from './tools.ts';

/**
 * NVIDIA's own Go binding on the simulated library: every getter of its interfaces, by reflection, on every scenario and
 * branch. What runs in Kubernetes' device plugins, and in many exporters, is this.
 */

const program = client('go-nvml');
const folder = mkdtempSync(join(tmpdir(), 'client-go-nvml-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(scenario: string, branch: string, frozenClock = true): Promise<Run> {
  const name = `${scenario}-${branch}-${frozenClock}`;
  const node = createNode(join(folder, name), { scenario, branch, frozenClock, seed: expectationOf(scenario).seed });
  return callEveryGetter(program, [], node);
}

/** Codes that come of how this binding asks. */
function isItsOwn(call: Call): boolean {
  // Asks once, without room for an answer.
  if (call.function === 'nvmlDeviceGetProcessesUtilizationInfo') return call.code === 7;
  return false;
}

describe.skipIf(program === '')('go-nvml', () => {
  describe.each(scenarios)('%s', (scenario) => {
    const expected = expectationOf(scenario);

    test('every getter is called and answers a value or a code of the interface', async () => {
      const result = await run(scenario, expected.branch);
      expect(result.unknown).toEqual([]);
      expect(defects(result, isItsOwn)).toEqual([]);
      expect(new Set(result.calls.map((call) => call.function)).size).toBeGreaterThan(180);
      expect(result.subjects.gpus).toBe(expected.gpus.length);
      const of = byArguments(result);
      for (const gpu of expected.gpus) {
        expect(differences(result, gpu)).toEqual([]);
        const device = `GPU ${gpu.index}`;
        expect(of('Name', device)?.value).toBe(gpu.name);
        expect(of('UUID', device)?.value).toBe(gpu.uuid);
        expect(of('Serial', device)?.value).toBe(gpu.serial);
        expect(of('VbiosVersion', device)?.value).toBe(gpu.vbiosVersion);
        expect(of('MemoryInfo_v2', device)?.value).toMatchObject({
          Total: gpu.readings.memory_total_bytes,
          Reserved: gpu.readings.memory_reserved_bytes,
          Free: gpu.readings.memory_free_bytes,
          Used: gpu.readings.memory_used_bytes,
        });
        const slot = gpu.readings.platform_slot;
        if (slot === undefined) expect(of('PlatformInfo', device)?.code).toBe(3);
        else expect(of('PlatformInfo', device)?.value).toMatchObject({ SlotNumber: slot });
      }
      const instances = expected.gpus.flatMap((gpu) => gpu.migInstances ?? []);
      for (const [position, instance] of instances.entries()) {
        if (position !== 0 && position !== instances.length - 1) continue;
        expect(of('MemoryInfo_v2', `MIG ${position}`)?.value).toMatchObject({
          Total: instance.memoryTotalBytes,
          Used: instance.memoryUsedBytes,
        });
      }
    });
  });

  test.each(branches)('branch %s answers every getter', async (branch) => {
    for (const scenario of ['hgx-h100', 'dgx-a100-mig']) {
      const result = await run(scenario, branch);
      expect(result.unknown).toEqual([]);
      // The third form of a structure came with 570 at the earliest.
      const isNewer = (call: Call) => Number(branch) < 570 && call.code === 25 && call.arguments.at(-1) === 'V3';
      expect(defects(result, (call) => isItsOwn(call) || isNewer(call))).toEqual([]);
    }
  });

  test('activity is measured between two samples', async () => {
    const result = await run('hgx-h100', '580', false);
    const metrics = result.calls.find((call) => call.function === 'nvmlGpmMetricsGet')?.value as {
      Metrics: { NvmlReturn: number; Value: number }[];
    };
    const [first] = metrics.Metrics;
    expect(first?.NvmlReturn).toBe(0);
    expect(first?.Value).toBeCloseTo((expectationOf('hgx-h100').gpus[0]?.activity?.sm_activity_ratio ?? 0) * 100, 6);
  });
});

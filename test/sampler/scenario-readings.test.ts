import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

/**
 * The real sampler on the simulated driver, against expectations that a person wrote in base units beside each
 * scenario. Both directions: what is expected is there with that value, and nothing else is there.
 */

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SIMULATOR = root('simulator/bin/gpu-node-simulator.mjs');
const SAMPLER = root('out/native/gpu-node-sampler');
const SCENARIOS = ['hgx-h100', 'dgx-a100-mig', 't4-hami', 'a100-passthrough', 'mixed'];

/** Totals that are ours, not the driver's: they depend on when the sampler started. */
const INTEGRATED = new Set([
  'busy_seconds_total',
  'observed_seconds_total',
  'utilization_peak_ratio',
  'utilization_average_ratio',
]);

interface ExpectedMig {
  readonly gpuInstance: number;
  readonly computeInstance: number;
  readonly name: string;
  readonly multiprocessors: number;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
}

interface ExpectedGpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly serial?: string;
  readonly pciAddress: string;
  readonly readings: Readonly<Record<string, number>>;
  readonly loadMoves: boolean;
  readonly migInstances?: readonly ExpectedMig[];
  readonly processes?: readonly { readonly pid: number; readonly usedMemoryBytes?: number }[];
}

interface Report {
  readonly driver: { readonly initialized: boolean; readonly simulator?: string };
  readonly gpus: readonly {
    readonly index: number;
    readonly uuid: string;
    readonly name: string;
    readonly serial?: string;
    readonly pci_bus_id: string;
    readonly condition: string;
    readonly readings: Readonly<Record<string, number>>;
    readonly mig_instances: readonly Readonly<Record<string, number | string>>[];
    readonly processes: readonly { readonly pid: number; readonly used_memory_bytes?: number }[];
  }[];
  readonly calls: Readonly<Record<string, { readonly calls: number }>>;
}

const folder = mkdtempSync(join(tmpdir(), 'gna-readings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readOnce(scenario: string, seed: number, branch: string): Report {
  const node = join(folder, `${scenario}-${branch}`);
  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, [...args], { encoding: 'utf8', timeout: 30_000 });
  run(process.execPath, [
    SIMULATOR,
    'create',
    node,
    '--scenario',
    scenario,
    '--seed',
    `${seed}`,
    '--branch',
    branch,
    '--frozen-clock',
  ]);
  const library = `--nvml.library=${node}/driver/libnvidia-ml.so.1`;
  return JSON.parse(run(SAMPLER, ['--once', '--json', library, `--clock.file=${node}/clock`])) as Report;
}

const expectationOf = (scenario: string) =>
  JSON.parse(readFileSync(root(`simulator/scenarios/${scenario}.expected.json`), 'utf8')) as {
    readonly seed: number;
    readonly gpus: readonly ExpectedGpu[];
  };

describe.each(SCENARIOS)('%s', (scenario) => {
  const expected = expectationOf(scenario);
  const report = readOnce(scenario, expected.seed, '580');

  test('every GPU the driver shows is up, with its identity', () => {
    expect(report.driver.simulator).toContain(`scenario=${scenario}`);
    expect(
      report.gpus.map((gpu) => [gpu.index, gpu.condition, gpu.uuid, gpu.name, gpu.serial, gpu.pci_bus_id]),
    ).toEqual(expected.gpus.map((gpu) => [gpu.index, 'up', gpu.uuid, gpu.name, gpu.serial, gpu.pciAddress]));
  });

  test.each(expected.gpus)('GPU $index: every expected reading, and no other', (gpu) => {
    const found = Object.fromEntries(
      Object.entries(report.gpus[gpu.index]?.readings ?? {}).filter(([id]) => !INTEGRATED.has(id)),
    );
    // Where the load moves the expectation names only what does not.
    if (gpu.loadMoves) expect(found).toMatchObject(gpu.readings);
    else expect(found).toEqual(gpu.readings);
  });

  test.each(expected.gpus)('GPU $index: MIG instances and processes', (gpu) => {
    const found = report.gpus[gpu.index];
    expect(
      found?.mig_instances.map((one) => [
        one.name,
        one.gpu_instance,
        one.compute_instance,
        one.multiprocessors,
        one.memory_total_bytes,
        one.memory_used_bytes,
      ]) ?? [],
    ).toEqual(
      (gpu.migInstances ?? []).map((one) => [
        one.name,
        one.gpuInstance,
        one.computeInstance,
        one.multiprocessors,
        one.memoryTotalBytes,
        one.memoryUsedBytes,
      ]),
    );
    const byPid = (a: { pid: number }, b: { pid: number }) => a.pid - b.pid;
    expect([...(found?.processes ?? [])].sort(byPid).map((one) => [one.pid, one.used_memory_bytes])).toEqual(
      [...(gpu.processes ?? [])].sort(byPid).map((one) => [one.pid, one.usedMemoryBytes]),
    );
  });
});

describe.each(['535', '550', '590'])('driver branch %s', (branch) => {
  const report = readOnce('hgx-h100', 7, branch);

  test('all GPUs are up although functions are missing or renamed', () => {
    expect(report.gpus.map((gpu) => gpu.condition)).toEqual(Array(8).fill('up'));
    for (const gpu of report.gpus) {
      expect(gpu.readings.temperature_celsius).toBeGreaterThan(0);
      expect(gpu.readings.memory_total_bytes).toBeGreaterThan(80e9);
    }
  });

  test('the clocks-event counters are read by the branch’s own numbers, or not at all', () => {
    const value = report.gpus[0]?.readings.clocks_event_hw_thermal_slowdown_seconds_total;
    if (branch === '590')
      expect(value).toBe(expectationOf('hgx-h100').gpus[0]?.readings.clocks_event_hw_thermal_slowdown_seconds_total);
    else expect(value).toBeUndefined();
  });
});

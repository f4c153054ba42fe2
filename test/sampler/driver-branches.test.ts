import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';

/**
 * The real sampler on each driver branch: functions are missing, renamed or numbered differently, and one function
 * that misbehaves costs its own reading only.
 */

/** Statuses of the sampler (reading_status in readings.h). */
const BRANCH_TOO_OLD = 251;
const SYMBOL_MISSING = 254;

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gna-branches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly driver: { readonly initialized: boolean; readonly symbols_missing: number };
  readonly gpus: readonly {
    readonly condition: string;
    readonly readings: Readonly<Record<string, number>>;
    readonly absent: Readonly<Record<string, number>>;
    readonly processes: readonly unknown[];
  }[];
}

function readOnce(node: { readonly libraryPath: string; readonly clockPath: string }): Report {
  const flags = ['--once', '--json', `--nvml.library=${node.libraryPath}`, `--clock.file=${node.clockPath}`];
  return JSON.parse(execFileSync(root('out/native/gpu-node-sampler'), flags, { encoding: 'utf8', timeout: 30_000 }));
}

const make = (name: string, branch: string) =>
  createNode(join(folder, name), { scenario: 'hgx-h100', seed: 7, branch, frozenClock: true });

const expected = JSON.parse(readFileSync(root('simulator/scenarios/hgx-h100.expected.json'), 'utf8')) as {
  readonly gpus: readonly { readonly readings: Readonly<Record<string, number>> }[];
};

describe.each(['535', '550', '580', '590'])('driver branch %s', (branch) => {
  const report = readOnce(make(`plain-${branch}`, branch));

  test('all GPUs are up although functions are missing or renamed', () => {
    expect(report.gpus.map((gpu) => gpu.condition)).toEqual(Array(8).fill('up'));
    for (const gpu of report.gpus) {
      expect(gpu.readings.temperature_celsius).toBeGreaterThan(0);
      expect(gpu.readings.memory_total_bytes).toBeGreaterThan(80e9);
    }
  });

  test('the clocks-event counters are read by the branch’s own numbers, or not at all', () => {
    const id = 'clocks_event_hw_thermal_slowdown_seconds_total';
    const known = Number(branch) >= 580;
    expect(report.gpus[0]?.readings[id]).toBe(known ? expected.gpus[0]?.readings[id] : undefined);
    expect(report.gpus[0]?.absent[id]).toBe(known ? undefined : BRANCH_TOO_OLD);
  });

  test('a function the library lacks and a field the branch lacks are told apart', () => {
    const [first] = report.gpus;
    expect(first?.absent.driver_loaded_seconds_total).toBe(SYMBOL_MISSING);
    expect(first?.absent.mma_stall_ratio).toBe(BRANCH_TOO_OLD);
    // Metrics of GPM go by the branch as fields do.
    expect(first?.absent.tensor_dmma_activity_ratio).toBe(BRANCH_TOO_OLD);
  });
});

test.each([16, 24, 32])('process lists with entries of %i bytes are read alike', (stride) => {
  const scenario = readFileSync(root('simulator/scenarios/hgx-h100.yaml'), 'utf8');
  const file = join(folder, `stride-${stride}.yaml`);
  writeFileSync(file, scenario.replace(/processStrideBytes: \d+/, `processStrideBytes: ${stride}`));
  const node = createNode(join(folder, `stride-${stride}`), { scenario: file, seed: 7, frozenClock: true });
  const plain = make(`plain-${stride}`, '580');
  const found = readOnce(node).gpus.map((gpu) => gpu.processes);
  expect(found.flat().length).toBeGreaterThan(0);
  expect(found).toEqual(readOnce(plain).gpus.map((gpu) => gpu.processes));
});

/** Codes that say something of one reading, not of the GPU or the driver. */
const CODES = [1, 2, 3, 4, 6, 7, 9, 10, 13, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 999];

/** GPUs 0 to 5 get a code each; 6 and 7 stay as they are. */
const rounds = [0, 6, 12, 18].map((from) => ({ codes: CODES.slice(from, from + 6) }));

test.each(rounds)(
  'one function that answers any code of one GPU costs that GPU’s reading, and no other’s: $codes',
  ({ codes }) => {
    const node = make(`codes-${codes[0]}`, '580');
    codes.forEach((code, gpu) => {
      node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu, code });
    });
    const { gpus } = readOnce(node);
    expect(gpus.map((gpu) => gpu.condition)).toEqual(Array(8).fill('up'));
    gpus.forEach(({ readings, absent }, index) => {
      const code = codes[index];
      expect(readings.temperature_celsius, `code ${code}`).toBeGreaterThan(0);
      if (code === undefined) {
        expect(readings.power_watts).toBeGreaterThan(0);
      } else {
        expect(readings.power_watts, `code ${code}`).toBeUndefined();
        expect(absent.power_watts, `code ${code}`).toBe(code === 999 ? 252 : code);
      }
    });
  },
);

test('a code that makes a GPU unreadable takes that GPU, and no other', { timeout: 60_000 }, () => {
  const node = make('fatal', '580');
  for (const [code, condition] of [
    [8, 'failed'],
    [11, 'failed'],
    [15, 'lost'],
    [16, 'failed'],
  ] as const) {
    node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu: 2, code });
    const report = readOnce(node);
    expect(report.gpus.map((gpu) => gpu.condition)).toEqual(
      Array.from({ length: 8 }, (_, index) => (index === 2 ? condition : 'up')),
    );
    expect(report.gpus[2]?.readings).toEqual({});
    node.clear();
  }
});

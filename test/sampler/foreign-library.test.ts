import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * The sampler on a library that is not NVIDIA's and has bad habits: it runs to its end, says what it could read, and
 * for what it could not, why.
 */

const root = join(import.meta.dirname, '../..');
const source = join(import.meta.dirname, 'foreign_library.c');
const folder = mkdtempSync(join(tmpdir(), 'gna-foreign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly driver: {
    readonly initialized: boolean;
    readonly driver_version?: string;
    readonly gpu_count: number;
    readonly symbols_missing: number;
    readonly gpus_unread?: number;
  };
  readonly gpus: readonly {
    readonly condition: string;
    readonly name?: string;
    readonly uuid?: string;
    readonly readings: Readonly<Record<string, number>>;
    readonly absent: Readonly<Record<string, number>>;
    readonly processes: readonly { readonly pid: number; readonly used_memory_bytes?: number }[];
    readonly mig_instances: readonly {
      readonly readings: Readonly<Record<string, number>>;
      readonly absent: Readonly<Record<string, number>>;
    }[];
  }[];
}

/** Reasons that are no code of the library: it has no such function, or answered what no header knows. */
const NO_SYMBOL = 254;
const UNKNOWN_CODE = 252;
const IMPLAUSIBLE = 253;
/** Numbers of every kind: bytes, degrees, watts, hertz, ratios, counters, enums. */
const NUMBERS = [
  'memory_total_bytes',
  'memory_used_bytes',
  'bar1_memory_total_bytes',
  'temperature_celsius',
  'power_watts',
  'energy_joules_total',
  'clock_sm_hertz',
  'utilization_ratio',
  'ecc_uncorrected_total',
  'clocks_event_reasons',
  'performance_state',
  'pci_device_id',
  'compute_capability_major',
  'power_limit_max_watts',
];

beforeAll(() => {
  const written = new Set([...readFileSync(source, 'utf8').matchAll(/^int (nvml\w+)\(/gm)].map(([, name]) => name));
  const names = readFileSync(join(root, 'out/simulator/590/names.txt'), 'utf8').split('\n');
  const others = names.filter((name) => name !== '' && !written.has(name) && !/^nvmlInit/.test(name));
  writeFileSync(join(folder, 'others.h'), others.map((name) => `OTHER(${name})\n`).join(''));
});

/** Builds a library and lets the sampler read it once. */
function readOn(shape: string, version = '580.65.06'): Report {
  const library = join(folder, `${shape}-${version}.so`);
  const defines = [`-DSHAPE=${shape}`, `-DVERSION="${version}"`, `-I${folder}`];
  execFileSync('cc', ['-shared', '-fPIC', '-w', ...defines, source, '-o', library]);
  const output = execFileSync(
    join(root, 'out/native/gpu-node-sampler'),
    ['--once', '--json', '--deadline', '20000', `--nvml.library=${library}`],
    { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(output) as Report;
}

describe('the sampler on a library', () => {
  test('that has the first form of each function only: what these tell is read, the rest has no symbol', () => {
    const { driver, gpus } = readOn('FIRST_VERSIONS');
    expect(driver).toMatchObject({ initialized: true, driver_version: '580.65.06' });
    expect(driver.symbols_missing).toBeGreaterThan(100);
    expect(gpus[0]).toMatchObject({
      condition: 'up',
      name: 'Some GPU',
      readings: { temperature_celsius: 41, power_watts: 123.456, memory_total_bytes: 2 ** 34 },
      absent: { utilization_ratio: NO_SYMBOL, memory_reserved_bytes: NO_SYMBOL },
      processes: [{ pid: 4711, used_memory_bytes: 3 * 2 ** 30 }],
    });
  });

  test('that has next to nothing: the GPUs are counted', () => {
    const { driver, gpus } = readOn('FEW_SYMBOLS');
    expect(driver).toMatchObject({ initialized: true, gpu_count: 2 });
    expect(gpus.length).toBe(2);
    expect(gpus[0]?.readings).not.toHaveProperty('temperature_celsius');
    expect(gpus[0]?.absent).toMatchObject({ temperature_celsius: NO_SYMBOL });
  });

  test.each([
    { shape: 'NOT_SUPPORTED', reason: 3 },
    { shape: 'STUBS', reason: 13 },
    { shape: 'UNKNOWN_CODES', reason: UNKNOWN_CODE },
  ])(
    'that answers with an error whatever is asked ($shape): every reading is absent, with the reason',
    ({ shape, reason }) => {
      const { driver, gpus } = readOn(shape);
      expect(driver).toMatchObject({ initialized: true, gpu_count: 2 });
      for (const { absent } of gpus) expect(absent).toMatchObject({ temperature_celsius: reason, power_watts: reason });
    },
  );

  test.each(['HUGE_COUNTS', 'COUNT_ABOVE_ROOM'])('whose lists lie (%s): lists stay within their room', (shape) => {
    const { gpus } = readOn(shape);
    expect(gpus.length).toBe(2);
    for (const gpu of gpus) {
      expect(gpu.condition).toBe('up');
      expect(gpu.processes.length).toBeLessThanOrEqual(4096);
      expect(gpu.mig_instances.length).toBeLessThanOrEqual(64);
    }
  });

  test('whose instances use more memory than they have, or all there can be: it is not believed', () => {
    const { gpus } = readOn('HUGE_COUNTS');
    const instances = gpus.flatMap(({ mig_instances: all }) => all);
    expect(instances.length).toBeGreaterThanOrEqual(2);
    for (const { absent } of instances) {
      const memory = ['total', 'used', 'free', 'reserved'].map((part) => absent[`memory_${part}_bytes`]);
      expect(memory).toEqual([IMPLAUSIBLE, IMPLAUSIBLE, IMPLAUSIBLE, IMPLAUSIBLE]);
    }
  });

  test('whose texts do not end: they are cut, or absent', () => {
    const { driver, gpus } = readOn('UNTERMINATED_TEXTS');
    expect(driver.driver_version ?? '').toMatch(/^x{0,96}$/);
    for (const { name = '', uuid = '', readings } of gpus) {
      expect(name).toMatch(/^x{0,96}$/);
      expect(uuid).toMatch(/^x{0,96}$/);
      expect(readings.temperature_celsius).toBe(41);
    }
  });

  test('that answers with success and writes nothing: what was not written is not believed', () => {
    const { driver, gpus } = readOn('SILENT_SUCCESS');
    expect(driver.initialized).toBe(true);
    expect(gpus.map(({ condition }) => condition)).toEqual(['up', 'up']);
    for (const { absent, readings, ...gpu } of gpus) {
      expect(gpu).not.toHaveProperty('pci_bus_id');
      for (const id of NUMBERS) expect([id, absent[id]]).toEqual([id, IMPLAUSIBLE]);
      // What is 0 where nothing was written cannot be told from an answer of 0: flags and the lengths of lists.
      expect(Object.values(readings).filter((value) => value !== 0)).toEqual([]);
    }
  });

  test('that sets every bit of its answers: bytes and watts of that size are not believed', () => {
    const { gpus } = readOn('ONLY_BYTES');
    expect(gpus.length).toBe(2);
    for (const { absent, readings } of gpus) {
      for (const id of NUMBERS) expect([id, absent[id]]).toEqual([id, IMPLAUSIBLE]);
      expect(readings).not.toHaveProperty('power_watts');
    }
  });

  test('that counts more GPUs than there can be: as many as there is room for, and how many are not read', () => {
    const { driver, gpus } = readOn('MANY_GPUS');
    expect(gpus.length).toBe(64);
    expect(driver).toMatchObject({ gpu_count: 4_000_000_000, gpus_unread: 4_000_000_000 - 64 });
  });

  test.each(['470.256.02', '535.261.03', '610.57.04', '999.1', '', 'devel'])('of version "%s"', (version) => {
    const { driver, gpus } = readOn('COUNT_ABOVE_ROOM', version);
    expect(driver.initialized).toBe(true);
    expect(gpus.map(({ readings }) => readings.temperature_celsius)).toEqual([41, 41]);
  });
});

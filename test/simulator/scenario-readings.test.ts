import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';

/**
 * The whole way of a value: scenario, state file, simulated library, the driver's interface, the sampler. What must
 * come out stands in base units beside each scenario, and neither side computed it.
 */
const root = join(import.meta.dirname, '../..');
const sampler = join(root, 'out/native/gpu-node-sampler');
const folder = join(root, 'simulator/scenarios');
const names = readdirSync(folder).flatMap((file) => /^(.*)\.expected\.json$/.exec(file)?.[1] ?? []);

interface ExpectedProcess {
  pid: number;
  type: string;
  usedMemoryBytes: number;
  gpuInstance?: number;
  computeInstance?: number;
}
interface ExpectedInstance {
  migIndex: number;
  gpuInstance: number;
  computeInstance: number;
  name: string;
  multiprocessors: number;
  copyEngines: number;
  decoders: number;
  jpegEngines: number;
  ofaEngines: number;
  gpuSlices: number;
  computeSlices: number;
  memoryTotalBytes: number;
  memoryReservedBytes: number;
  memoryUsedBytes: number;
  memoryFreeBytes: number;
}
interface Expected {
  seed: number;
  gpus: {
    index: number;
    uuid: string;
    name: string;
    serial: string;
    pciAddress: string;
    vbiosVersion: string;
    boardPartNumber: string;
    inforomImageVersion: string;
    loadMoves: boolean;
    readings: Record<string, number>;
    processes: ExpectedProcess[];
    migInstances?: ExpectedInstance[];
  }[];
}
interface Read {
  gpus: {
    uuid: string;
    name: string;
    serial: string;
    pci_bus_id: string;
    vbios_version: string;
    board_part_number: string;
    inforom_image_version: string;
    readings: Record<string, number>;
    mig_instances: (Record<string, number | string> & { readings: Record<string, number> })[];
    processes: {
      pid: number;
      type: string;
      used_memory_bytes?: number;
      gpu_instance?: number;
      compute_instance?: number;
    }[];
  }[];
}

describe.each(names)('%s', (name) => {
  const expected = JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Expected;
  let directory: string;
  let read: Read;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), `readings-${name}-`));
    const node = createNode(join(directory, 'node'), { scenario: name, seed: expected.seed, frozenClock: true });
    const options = [`--nvml.library=${node.libraryPath}`, `--clock.file=${node.clockPath}`];
    const { stdout } = await promisify(execFile)(sampler, ['--once', '--json', '--deadline', '20000', ...options], {
      timeout: 25_000,
      maxBuffer: 8 * 1024 * 1024,
    });
    read = JSON.parse(stdout) as Read;
  }, 90_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('every GPU is who it should be', () => {
    expect(existsSync(sampler)).toBe(true);
    const identities = read.gpus.map((gpu) => [
      gpu.uuid,
      gpu.name,
      gpu.serial,
      gpu.pci_bus_id,
      gpu.vbios_version,
      gpu.board_part_number,
      gpu.inforom_image_version,
    ]);
    expect(identities).toEqual(
      expected.gpus.map((gpu) => [
        gpu.uuid,
        gpu.name,
        gpu.serial,
        gpu.pciAddress,
        gpu.vbiosVersion,
        gpu.boardPartNumber,
        gpu.inforomImageVersion,
      ]),
    );
  });

  test.each(expected.gpus)('GPU $index has every expected value', ({ index, readings }) => {
    const got = read.gpus[index]?.readings ?? {};
    const wrong = Object.entries(readings).flatMap(([reading, value]) => {
      const other = got[reading];
      // Watts, joules and seconds pass through one multiplication in binary.
      const near = other !== undefined && Math.abs(other - value) <= 1e-12 * Math.abs(value);
      return near ? [] : [`${reading}: expected ${value}, got ${other}`];
    });
    expect(wrong).toEqual([]);
    expect(Object.keys(readings).length).toBeGreaterThan(35);
  });

  test('no GPU has a value that it cannot have', () => {
    // The totals of what the sampler integrates have begun with it, so no scenario can foretell them.
    const integrated = ['busy_seconds_total', 'observed_seconds_total'];
    for (const { index, readings } of expected.gpus.filter(({ loadMoves }) => !loadMoves)) {
      const more = Object.keys(read.gpus[index]?.readings ?? {}).filter((reading) => !(reading in readings));
      expect(
        more.filter((reading) => !integrated.includes(reading)),
        `GPU ${index}`,
      ).toEqual([]);
    }
  });

  test('each GPU lists its processes', () => {
    for (const { index, processes } of expected.gpus) {
      const got = (read.gpus[index]?.processes ?? []).map((process) => ({
        pid: process.pid,
        type: process.type,
        usedMemoryBytes: process.used_memory_bytes,
        ...(process.gpu_instance === undefined ? {} : { gpuInstance: process.gpu_instance }),
        ...(process.compute_instance === undefined ? {} : { computeInstance: process.compute_instance }),
      }));
      expect(
        got.sort((a, b) => a.pid - b.pid),
        `GPU ${index}`,
      ).toEqual(processes);
    }
  });

  test('each GPU in MIG mode has its instances', () => {
    for (const { index, migInstances = [] } of expected.gpus) {
      const got = (read.gpus[index]?.mig_instances ?? []).map((instance) => ({
        migIndex: instance.mig_index,
        gpuInstance: instance.gpu_instance,
        computeInstance: instance.compute_instance,
        name: instance.name,
        multiprocessors: instance.readings.multiprocessors,
        copyEngines: instance.readings.copy_engines,
        decoders: instance.readings.decoders,
        jpegEngines: instance.readings.jpeg_engines,
        ofaEngines: instance.readings.ofa_engines,
        gpuSlices: instance.readings.gpu_slices,
        computeSlices: instance.readings.compute_slices,
        memoryTotalBytes: instance.readings.memory_total_bytes,
        memoryReservedBytes: instance.readings.memory_reserved_bytes,
        memoryUsedBytes: instance.readings.memory_used_bytes,
        memoryFreeBytes: instance.readings.memory_free_bytes,
      }));
      expect(got, `GPU ${index}`).toEqual(
        migInstances.map((instance) => expect.objectContaining({ gpuInstance: instance.gpuInstance })),
      );
      for (const [position, instance] of got.entries()) {
        expect(migInstances[position], `GPU ${index} instance ${position}`).toMatchObject(instance);
      }
    }
  });
});

test('there are expectations to compare with', () => {
  expect(names.length).toBeGreaterThanOrEqual(4);
});

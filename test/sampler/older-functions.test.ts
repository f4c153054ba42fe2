import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';

/**
 * Where a driver has only the first version of a function, what that version does not tell is absent, with the reason
 * the newer one gave. Everything else is read as ever.
 */

const sampler = fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gna-older-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly driver: { readonly cuda_driver_version?: number };
  readonly gpus: readonly {
    readonly uuid: string;
    readonly pci_bus_id?: string;
    readonly readings: Readonly<Record<string, number>>;
    readonly absent: Readonly<Record<string, number>>;
    readonly mig_instances: readonly {
      readonly readings: Readonly<Record<string, number>>;
      readonly absent: Readonly<Record<string, number>>;
    }[];
    readonly processes: readonly Readonly<Record<string, unknown>>[];
  }[];
}

const node = createNode(join(folder, 'node'), { scenario: 'dgx-a100-mig', seed: 7, frozenClock: true });

function read(): Report {
  const flags = ['--once', '--json', `--nvml.library=${node.libraryPath}`, `--clock.file=${node.clockPath}`];
  return JSON.parse(execFileSync(sampler, flags, { encoding: 'utf8', timeout: 30_000 }));
}

const modern = read();

/** What the sampler reads while the named functions answer "no such function". */
function without(...functions: readonly string[]): Report {
  for (const name of functions) node.fault({ function: name, code: 13 });
  try {
    return read();
  } finally {
    node.clear();
  }
}

const instances = (report: Report) => report.gpus.flatMap((gpu) => gpu.mig_instances);

const ATTRIBUTES = ['multiprocessors', 'copy_engines', 'decoders', 'encoders', 'jpeg_engines', 'ofa_engines'];
const SLICES = ['gpu_slices', 'compute_slices'];

/** The reason "no such function" for each of these. */
const missing = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 13]));

test('a modern driver tells all of it', () => {
  expect(instances(modern).length).toBeGreaterThan(0);
  for (const { readings } of instances(modern)) {
    expect(Object.keys(readings)).toEqual(
      expect.arrayContaining([...ATTRIBUTES, ...SLICES, 'memory_total_bytes', 'memory_reserved_bytes']),
    );
  }
});

test('version 1 of the memory call does not tell reserved bytes: absent for GPUs and MIG instances, the rest stays', () => {
  const report = without('nvmlDeviceGetMemoryInfo_v2');
  for (const [position, { readings, absent }] of instances(report).entries()) {
    const before = instances(modern)[position] ?? { readings: {}, absent: {} };
    expect(readings).not.toHaveProperty('memory_reserved_bytes');
    expect(absent).toEqual({ ...before.absent, memory_reserved_bytes: 13 });
    expect(readings.memory_total_bytes).toBe(before.readings.memory_total_bytes);
    // What is reserved counts as used there.
    expect(readings.memory_used_bytes).toBe(
      (before.readings.memory_used_bytes ?? 0) + (before.readings.memory_reserved_bytes ?? 0),
    );
  }
  for (const gpu of report.gpus) {
    expect(gpu.readings).not.toHaveProperty('memory_reserved_bytes');
    expect(gpu.absent.memory_reserved_bytes).toBe(13);
    expect(gpu.readings.memory_total_bytes).toBeGreaterThan(0);
  }
});

test('version 1 of the attributes does not tell slices: absent, the rest stays', () => {
  for (const [position, { readings, absent }] of instances(without('nvmlDeviceGetAttributes_v2')).entries()) {
    const before = instances(modern)[position];
    for (const id of SLICES) expect(readings).not.toHaveProperty(id);
    expect(absent).toEqual({ ...before?.absent, ...missing(SLICES) });
    expect(readings.multiprocessors).toBe(before?.readings.multiprocessors);
  }
});

test('without either version nothing about it is told', () => {
  const report = without('nvmlDeviceGetAttributes_v2', 'nvmlDeviceGetAttributes');
  for (const [position, { readings, absent }] of instances(report).entries()) {
    expect(absent).toEqual({ ...instances(modern)[position]?.absent, ...missing([...ATTRIBUTES, ...SLICES]) });
    expect(readings).not.toHaveProperty('multiprocessors');
  }
});

test.each([
  { functions: ['nvmlDeviceGetPciInfo_v3'] },
  { functions: ['nvmlDeviceGetPciInfo_v3', 'nvmlDeviceGetPciInfo_v2'] },
])('without $functions the address is read from the short text, the ids are absent', ({ functions }) => {
  const report = without(...functions);
  expect(report.gpus.map((gpu) => gpu.pci_bus_id)).toEqual(modern.gpus.map((gpu) => gpu.pci_bus_id));
  for (const gpu of report.gpus) {
    expect(gpu.absent).toMatchObject({ pci_device_id: 13, pci_subsystem_id: 13 });
    expect(gpu.readings).not.toHaveProperty('pci_subsystem_id');
  }
});

test('the first process lists do not tell the instance of a process', () => {
  const kinds = ['Compute', 'Graphics', 'MPSCompute'];
  const report = without(
    ...kinds.flatMap((kind) => [`nvmlDeviceGet${kind}RunningProcesses_v3`, `nvmlDeviceGet${kind}RunningProcesses_v2`]),
  );
  const listed = (all: Report) => all.gpus.flatMap((gpu) => gpu.processes);
  const pids = (all: Report) => listed(all).map(({ pid }) => pid);
  expect(pids(report)).toEqual(pids(modern));
  expect(listed(modern).filter((process) => 'gpu_instance' in process).length).toBeGreaterThan(0);
  for (const process of listed(report)) {
    expect(process).not.toHaveProperty('gpu_instance');
    expect(process).not.toHaveProperty('compute_instance');
  }
});

test('the first version of the CUDA version is asked where the second is missing', () => {
  const report = without('nvmlSystemGetCudaDriverVersion_v2');
  expect(report.driver.cuda_driver_version).toBe(modern.driver.cuda_driver_version);
  expect(report.driver.cuda_driver_version).toBeGreaterThan(0);
});

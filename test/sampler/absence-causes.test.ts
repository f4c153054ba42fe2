import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { reasonName } from '../../src/model/readings.js';

/** What the sampler knows better than the driver's code says, or why it did not ask, is a reason of its own. */

const sampler = fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gna-causes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (scenario: string) => createNode(join(folder, scenario), { scenario, seed: 7, frozenClock: true });

/** Why readings of GPU 0 are missing, by id. */
function absentOn(node: SimulatedNode): Readonly<Record<string, string>> {
  const flags = ['--once', '--json', `--nvml.library=${node.libraryPath}`, `--clock.file=${node.clockPath}`];
  const { gpus } = JSON.parse(execFileSync(sampler, flags, { encoding: 'utf8', timeout: 30_000 })) as {
    readonly gpus: readonly { readonly absent: Readonly<Record<string, number>> }[];
  };
  return Object.fromEntries(Object.entries(gpus[0]?.absent ?? {}).map(([id, code]) => [id, reasonName(code)]));
}

test('a GPU that is not divided has no MIG instances because MIG is off, one that cannot be because it has no MIG', () => {
  expect(absentOn(make('hgx-h100'))).toMatchObject({ mig_devices: 'mig_off', mig_devices_max: 'mig_off' });
  expect(absentOn(make('rtx-desk'))).toMatchObject({ mig_mode_enabled: 'not_supported', mig_devices: 'not_supported' });
});

test('protected memory is missing where confidential computing is off, and means where there are no sessions', () => {
  expect(absentOn(make('gb200'))).toMatchObject({
    confidential_memory_total_bytes: 'confidential_compute_off',
    encoder_average_latency_seconds: 'no_sessions',
  });
});

test('a GPU that shares the memory of the system has none of its own', () => {
  const node = make('dgx-a100-mig');
  node.set(0, { memoryTotalBytes: 0n });
  expect(absentOn(node)).toMatchObject({ memory_total_bytes: 'no_own_memory', memory_used_bytes: 'no_own_memory' });
});

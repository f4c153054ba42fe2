import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  C2C_LINK_READINGS,
  FAN_READINGS,
  LINK_READINGS,
  MIG_READINGS,
  READINGS,
} from '../../src/native/readings.generated.js';

/**
 * A reading that no scenario has was never compared with anything; one that every scenario has was never missed. So
 * each is there in one scenario at least and absent in one at least, by what stands beside the scenarios.
 */
const folder = join(import.meta.dirname, '../../simulator/scenarios');

interface ExpectedGpu {
  loadMoves: boolean;
  readings: Record<string, number>;
  activity?: Record<string, number>;
  fans?: Record<string, number>[];
  nvlinks?: { readings: Record<string, number[]> };
  c2cLinks?: { readings: Record<string, number[]> };
  migInstances?: (Record<string, unknown> & { activity?: Record<string, number> })[];
}

interface ExpectedNode {
  gpus: ExpectedGpu[];
  topology: { levels: string[]; p2p: string[] };
}

const nodes = readdirSync(folder)
  .filter((file) => file.endsWith('.expected.json'))
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ExpectedNode);
const topologies = nodes.map(({ topology }) => topology);
const gpus = nodes.flatMap((node) => node.gpus).filter(({ loadMoves }) => !loadMoves);

/** Only drivers that are not simulated have them: r595 or r610 by the field, metric or function they come from. */
const NEWER_DRIVERS = new Map([
  ['driver_loaded_seconds_total', 'r610'],
  ['mma_stall_ratio', 'r610'],
  ['remapped_rows_correctable_inactive', 'r595'],
  ['remapped_rows_uncorrectable_inactive', 'r595'],
  ['tensor_dmma_activity_ratio', 'r595'],
  ...READINGS.filter(({ id }) => id.endsWith('_cycles_total')).map(({ id }) => [id, 'r595'] as const),
  ['raw_lane0_errors_total', 'r595'],
  ['raw_lane1_errors_total', 'r595'],
  ['raw_bit_error_ratio', 'r595'],
  ['transmitted_blocks_total', 'r595'],
  ['retransmitted_blocks_total', 'r595'],
]);
/** What the sampler adds up itself has begun with it, so no scenario foretells it. */
const INTEGRATED = ['busy_seconds_total', 'observed_seconds_total', 'mig_reconfigurations_total'];
/** What every driver tells of every GPU and every instance: it cannot be absent anywhere. */
const EVERYWHERE = new Set(
  [
    'minor_number brand architecture compute_capability_major compute_capability_minor cuda_cores pci_device_id',
    'pci_subsystem_id virtualization_mode persistence_mode_enabled compute_mode display_active memory_bus_width_bits',
    'supported_event_types accounting_enabled memory_total_bytes memory_reserved_bytes memory_used_bytes',
    'memory_free_bytes bar1_memory_total_bytes bar1_memory_used_bytes bar1_memory_free_bytes clock_graphics_hertz',
    'clock_sm_hertz clock_memory_hertz clock_video_hertz clock_graphics_max_hertz clock_sm_max_hertz',
    'clock_memory_max_hertz clock_video_max_hertz performance_state clocks_event_reasons',
    'clocks_event_sw_power_cap_seconds_total clocks_event_sync_boost_seconds_total',
    'clocks_event_sw_thermal_slowdown_seconds_total clocks_event_hw_thermal_slowdown_seconds_total',
    'clocks_event_hw_power_brake_slowdown_seconds_total power_watts power_instant_watts energy_joules_total',
    'power_limit_enforced_watts power_limit_requested_watts power_limit_default_watts power_limit_min_watts',
    'power_limit_max_watts temperature_celsius pcie_link_generation pcie_link_width_lanes pcie_link_generation_max',
    'pcie_link_width_lanes_max pcie_link_generation_device_max pcie_link_speed_bytes_per_second',
    'pcie_transmit_bytes_total pcie_receive_bytes_total pcie_replays_total pcie_replay_rollovers_total',
    'compute_processes graphics_processes mps_processes',
  ].flatMap((line) => line.split(' ')),
);

/** Readings of MIG instances as the expectations spell them. */
const instanceName = (id: string): string =>
  ({
    gpu_slices: 'gpuSlices',
    memory_total_bytes: 'memoryTotalBytes',
    bar1_memory_total_bytes: 'bar1TotalBytes',
    bar1_memory_used_bytes: 'bar1UsedBytes',
  })[id] ?? id.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const instances = gpus.flatMap(({ migInstances = [] }) => migInstances);
const allLinks = gpus.flatMap(({ nvlinks }) => (nvlinks === undefined ? [] : [nvlinks.readings]));
const allC2cLinks = gpus.flatMap(({ c2cLinks }) => (c2cLinks === undefined ? [] : [c2cLinks.readings]));
const allFans = gpus.flatMap(({ fans = [] }) => fans);

const kinds = [
  {
    kind: 'GPU',
    ids: READINGS.map(({ id }) => id).filter((id) => !INTEGRATED.includes(id)),
    have: (id: string) => gpus.map(({ readings, activity }) => id in readings || id in (activity ?? {})),
  },
  {
    kind: 'MIG instance',
    ids: MIG_READINGS.map(({ id }) => id),
    have: (id: string) => instances.map((instance) => instanceName(id) in instance || id in (instance.activity ?? {})),
  },
  {
    kind: 'NVLink',
    ids: LINK_READINGS.map(({ id }) => id),
    have: (id: string) => allLinks.map((readings) => id in readings),
  },
  {
    kind: 'chip-to-chip link',
    ids: C2C_LINK_READINGS.map(({ id }) => id),
    have: (id: string) => allC2cLinks.map((readings) => id in readings),
  },
  { kind: 'fan', ids: FAN_READINGS.map(({ id }) => id), have: (id: string) => allFans.map((fan) => id in fan) },
];

describe.each(kinds)('every reading of a $kind', ({ ids, have }) => {
  test('is in one scenario at least, unless only newer drivers have it', () => {
    expect(ids.filter((id) => !have(id).includes(true))).toEqual(ids.filter((id) => NEWER_DRIVERS.has(id)));
  });
});

test('every reading of a GPU that can be absent is so in one scenario at least', () => {
  const [gpu] = kinds;
  if (gpu === undefined) throw new Error('no readings of GPUs');
  expect(gpu.ids.filter((id) => !gpu.have(id).includes(false))).toEqual(gpu.ids.filter((id) => EVERYWHERE.has(id)));
});

test('links, fans and instances are absent as a whole where a GPU has none', () => {
  for (const part of ['nvlinks', 'c2cLinks', 'fans', 'migInstances'] as const) {
    expect(
      gpus.some((gpu) => gpu[part] === undefined),
      part,
    ).toBe(true);
  }
});

test('pairs of GPUs are near and far, with and without each capability, and one GPU has no pair', () => {
  const of = (key: 'levels' | 'p2p') =>
    topologies.map((topology) =>
      topology[key].flatMap((row) => row.trim().split(/\s+/)).filter((cell) => cell !== '-'),
    );
  expect(new Set(of('levels').flat())).toEqual(new Set(['10', '30', '40', '50']));
  for (const capability of [0, 1, 2, 3, 4]) {
    const seen = new Set(of('p2p').flatMap((cells) => cells.map((cell) => cell[capability] === '0')));
    expect(seen, `capability ${capability}`).toEqual(new Set([true, false]));
  }
  expect(of('levels').some((cells) => cells.length === 0)).toBe(true);
});

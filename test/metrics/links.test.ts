import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../src/model/gpu.js';
import { NVLINK_READINGS } from '../../src/model/readings.js';
import type { LinkReadingId } from '../../src/native/readings.generated.js';
import { readingsOf } from '../readings.js';
import { samplesOf, valuesOf } from './exposition-lines.js';
import { everything, exposition } from './rendering.js';
import { gpu, node, nvlink, readings } from './states.js';

/** A link whose counters are read and which answers these alone. */
function counting(link: number, present: Partial<Record<LinkReadingId, number>>) {
  return { ...nvlink(link), readings: readingsOf(NVLINK_READINGS, present) };
}

async function linesOf(one: Partial<Gpu>, name: string, whole = true): Promise<readonly string[]> {
  const text = await exposition(node({ gpus: [gpu(0, one)] }), 'text', whole ? everything : {});
  return samplesOf(text)
    .filter((sample) => sample.name === name)
    .map(({ labels: { uuid: _, gpu: __, ...labels }, value }) => `${Object.values(labels).join(' ')} ${value}`);
}

const SENT = 'gpu_nvlink_transmit_bytes_total';

describe('counters of NVLinks', () => {
  const sum = readings({ nvlink_transmit_data_bytes_total: 300, nvlink_transmit_raw_bytes_total: 400 });

  test('are those of all links together, as long as single links are not counted', async () => {
    const links = [nvlink(0, { state: 1 }), nvlink(1, { state: 1 })];
    expect(await linesOf({ readings: sum, links }, SENT)).toEqual(['data 300', 'raw 400']);
  });

  test('of single links stand in the place of the sum: adding all up counts nothing twice', async () => {
    const links = [
      counting(0, { transmit_data_bytes_total: 100, transmit_raw_bytes_total: 130 }),
      counting(1, { transmit_data_bytes_total: 200, transmit_raw_bytes_total: 270 }),
    ];
    expect(await linesOf({ readings: sum, links }, SENT)).toEqual([
      '0 data 100',
      '0 raw 130',
      '1 data 200',
      '1 raw 270',
    ]);
  });

  test('fall back to the sum where single links were asked and know nothing', async () => {
    const links = [counting(0, {}), counting(1, {})];
    expect(await linesOf({ readings: sum, links }, SENT)).toEqual(['data 300', 'raw 400']);
  });

  test('with the protocol come from the port where the older fields are gone', async () => {
    const links = [
      counting(0, { transmit_data_bytes_total: 1, transmit_port_bytes_total: 2 }),
      counting(1, { transmit_data_bytes_total: 1, transmit_port_bytes_total: 2, transmit_raw_bytes_total: 3 }),
    ];
    expect(await linesOf({ links }, SENT)).toEqual(['0 data 1', '0 raw 2', '1 data 1', '1 raw 3']);
  });

  test('with the protocol are off by default', async () => {
    expect(await linesOf({ readings: sum }, SENT, false)).toEqual(['data 300']);
  });

  test('of errors keep the sum of types that single links do not know', async () => {
    const one = {
      readings: readings({ nvlink_replay_errors_total: 7, nvlink_recovery_errors_total: 8 }),
      links: [counting(0, { replay_errors_total: 3, symbol_errors_total: 4 })],
    };
    expect(await linesOf(one, 'gpu_nvlink_errors_total')).toEqual(['recovery 8', '0 replay 3', '0 symbol 4']);
  });
});

describe('how many NVLinks are up', () => {
  const active = async (count: number, ...links: Gpu['links']) =>
    linesOf({ readings: readings({ nvlink_links: count }), links }, 'gpu_nvlink_links_active');

  test('counts those asleep: they wake when they are needed', async () => {
    expect(await active(3, nvlink(0, { state: 1 }), nvlink(1, { state: 2 }), nvlink(2, { state: 0 }))).toEqual([' 2']);
  });

  test('is not known while the state of one is not', async () => {
    expect(await active(2, nvlink(0, { state: 1 }), nvlink(1, {}))).toEqual([]);
    expect(await active(2, nvlink(0, { state: 1 }))).toEqual([]);
  });

  test('is 0 on a board that has none', async () => {
    expect(await active(0)).toEqual([' 0']);
  });
});

test('the other end of a link is named, and an unknown kind of it left out', async () => {
  const links = [nvlink(0), counting(1, { version: 6, remote_type: 255 }), counting(2, { version: 99 })];
  expect(await linesOf({ links }, 'gpu_nvlink_info')).toEqual([
    '0 5.0 switch 0000:05:00.0 11 1',
    '1 4.0 0000:05:00.0 1',
    '2 0000:05:00.0 1',
  ]);
  expect(await linesOf({ links: [nvlink(0, { state: 1 })] }, 'gpu_nvlink_info')).toEqual([]);
});

describe('the fabric', () => {
  const health = async (mask: number) => {
    const one = { readings: readings({ fabric_health_mask: mask }) };
    return (await linesOf(one, 'gpu_fabric_health')).map((line) => line.split(' '));
  };

  test('is well when every group of its mask says no', async () => {
    expect(Object.fromEntries(await health(0b01_0001_10_10_10_10))).toEqual({
      access_timeout_recovery: '0',
      degraded_bandwidth: '0',
      incorrect_configuration: '0',
      partition_missing: '0',
      route_recovery: '0',
      route_unhealthy: '0',
    });
  });

  test.each([
    [0b01, 'degraded_bandwidth'],
    [0b01_00, 'route_recovery'],
    [0b01_00_00, 'route_unhealthy'],
    [0b01_00_00_00, 'access_timeout_recovery'],
    [0b0101_00_00_00_00, 'incorrect_configuration'],
    [0b10_0000_00_00_00_00, 'partition_missing'],
  ] as const)('mask %i says one thing and no more: %s', async (mask, condition) => {
    // Groups that are 0 are not supported: no line, not a 0.
    expect(await health(mask)).toEqual([[condition, '1']]);
  });

  test('has a cluster and a clique once the GPU has joined it', async () => {
    const info = async (state: number) =>
      linesOf(
        { readings: readings({ fabric_state: state, fabric_clique_id: 7 }), fabricClusterUuid: 'c' },
        'gpu_fabric_info',
      );
    expect(await info(3)).toEqual(['c 7 1']);
    expect(await info(2)).toEqual([]);
  });

  test('has no summary where it supports none, and all 0 for one without a name', async () => {
    const summary = async (number: number) =>
      linesOf({ readings: readings({ fabric_health_summary: number }) }, 'gpu_fabric_health_summary');
    expect(await summary(0)).toEqual([]);
    expect(await summary(2)).toEqual(['healthy 0', 'limited_capacity 0', 'unhealthy 1']);
    expect(await summary(3)).toEqual(['healthy 0', 'limited_capacity 1', 'unhealthy 0']);
  });
});

test('rates of PCIe by GPM are there only while the driver does not count bytes', async () => {
  const rates = { gpm_pcie_transmit_bytes_per_second: 5, gpm_pcie_receive_bytes_per_second: 6 };
  const text = async (more: object) =>
    exposition(node({ gpus: [gpu(0, { readings: readings({ ...rates, ...more }) })] }));
  expect(valuesOf(await text({}), 'gpu_gpm_pcie_transmit_bytes_per_second')).toEqual(['5']);
  const counted = await text({ pcie_transmit_bytes_total: 1 });
  expect(valuesOf(counted, 'gpu_gpm_pcie_transmit_bytes_per_second')).toEqual([]);
  expect(valuesOf(counted, 'gpu_gpm_pcie_receive_bytes_per_second')).toEqual(['6']);
});

test('a recovery action that has no name yet is `unknown`, and nothing else', async () => {
  const action = async (number: number) =>
    (await linesOf({ readings: readings({ recovery_action: number }) }, 'gpu_recovery_action'))
      .filter((line) => line.endsWith(' 1'))
      .map((line) => line.split(' ')[0]);
  expect(await action(4)).toEqual(['drain_and_reset']);
  expect(await action(0)).toEqual(['none']);
  expect(await action(42)).toEqual(['unknown']);
});

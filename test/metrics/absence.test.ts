import { describe, expect, test } from 'vitest';
import type { Gpu, GpuCondition } from '../../src/model/gpu.js';
import { GPU_READINGS, Readings, readingIndex } from '../../src/model/readings.js';
import { pciFunction } from '../pci-function.js';
import { samplesOf, valuesOf } from './exposition-lines.js';
import { everything, exposition } from './rendering.js';
import {
  ALL_READINGS,
  c2cLink,
  fan,
  gpu,
  migInstance,
  migProfile,
  node,
  nvlink,
  partition,
  peer,
  processUse,
  readings,
  workload,
} from './states.js';

/** Names of the samples about GPUs, each once. */
function deviceNames(text: string): readonly string[] {
  const names = samplesOf(text).map(({ name }) => name);
  return [...new Set(names.filter((name) => !name.startsWith('gpu_agent_')))];
}

test('what the hardware does not have is no line, and its family has no header', async () => {
  const text = await exposition(node({ gpus: [gpu(0, { readings: readings({ temperature_celsius: 0 }) })] }));
  expect(valuesOf(text, 'gpu_temperature_celsius')).toEqual(['0']);
  expect(text).not.toContain('gpu_power_watts');
  expect(text).not.toMatch(/ (?:NaN|-1)$/m);
  expect(text).not.toContain('undefined');
});

test.each<GpuCondition>(['attaching', 'lost', 'failed', 'probing', 'excluded', 'stuck', 'stale'])(
  'a GPU that is %s keeps its name and loses every reading',
  async (condition) => {
    const down = gpu(0, {
      condition,
      name: 'NVIDIA H100',
      readings: readings(ALL_READINGS),
      migInstances: [migInstance(0)],
      migProfiles: [migProfile('3g.40gb')],
      links: [nvlink(0)],
      c2cLinks: [c2cLink(0)],
      fans: [fan(0)],
      peers: [peer(1)],
    });
    const text = await exposition(node({ gpus: [down] }), 'text', everything);
    expect(deviceNames(text)).toEqual([
      'gpu_count',
      'gpu_driver_info',
      'gpu_health_recommended_action',
      'gpu_health_status',
      'gpu_info',
      'gpu_mig_info',
      'gpu_node_health_status',
      'gpu_nvlink_info',
      'gpu_platform_info',
      'gpu_up',
    ]);
    expect(valuesOf(text, 'gpu_up')).toEqual(['0']);
  },
);

test('a value that is left in memory beside a failed status is not shown', async () => {
  const failed = new Readings(
    GPU_READINGS,
    new Float64Array(GPU_READINGS.rows.length).fill(42),
    new Uint8Array(GPU_READINGS.rows.length).fill(15),
  );
  expect(deviceNames(await exposition(node({ gpus: [gpu(0, { readings: failed })] })))).toEqual([
    'gpu_count',
    'gpu_driver_info',
    'gpu_health_recommended_action',
    'gpu_health_status',
    'gpu_info',
    'gpu_node_health_status',
    'gpu_up',
  ]);
});

test('what an older driver does not tell of MIG instances is no line', async () => {
  const withheld = new Set(['gpu_slices', 'compute_slices', 'memory_reserved_bytes']);
  const full = migInstance(0);
  const process = {
    pid: 7,
    type: 'compute',
    usedMemoryBytes: 1,
    gpuInstance: undefined,
    computeInstance: undefined,
  } as const;
  const divided = gpu(0, {
    readings: readings({ compute_processes: 1 }),
    migInstances: [{ ...full, readings: full.readings.only((id) => !withheld.has(id)) }],
    processes: [process],
    processTotal: 1,
  });
  const names = deviceNames(await exposition(node({ gpus: [divided] }), 'text', everything));
  expect(names).toEqual(expect.arrayContaining(['gpu_mig_multiprocessors', 'gpu_mig_memory_used_bytes']));
  expect(names).not.toContain('gpu_mig_slices');
  expect(names).not.toContain('gpu_mig_memory_reserved_bytes');
  expect(names).not.toContain('gpu_mig_processes');
});

test('a GPU without memory of its own says so, one that did not answer says nothing', async () => {
  const total = readingIndex('memory_total_bytes');
  const absent = (code: number) => {
    const status = new Uint8Array(GPU_READINGS.rows.length).fill(255);
    status[total] = code;
    return gpu(0, { readings: new Readings(GPU_READINGS, new Float64Array(GPU_READINGS.rows.length), status) });
  };
  const unified = async (one: ReturnType<typeof gpu>) =>
    valuesOf(await exposition(node({ gpus: [one] })), 'gpu_memory_unified');
  expect(await unified(absent(3))).toEqual(['1']);
  expect(await unified(absent(249))).toEqual(['1']);
  expect(await unified(absent(255))).toEqual([]);
  expect(await unified(gpu(0, { readings: readings({ memory_total_bytes: 1e9 }) }))).toEqual(['0']);
});

test('GPUs that should be there are those bound to the driver, without virtual functions', async () => {
  const pci = (busId: string, driver: string | undefined, virtualFunctionOf?: string) =>
    pciFunction(busId, { driver, virtualFunctionOf });
  const bus = [
    pci('a', 'nvidia'),
    pci('b', 'nvidia'),
    pci('a.4', 'nvidia', 'a'),
    pci('c', 'vfio-pci'),
    pci('d', undefined),
  ];
  expect(valuesOf(await exposition(node({ pci: bus })), 'gpu_expected_count')).toEqual(['2']);
  expect(valuesOf(await exposition(node({ pci: [] })), 'gpu_expected_count')).toEqual([]);
  const had = (uuid: string, busId: string | undefined) => ({
    uuid,
    busId,
    serial: undefined,
    name: undefined,
    linkWidthLanes: undefined,
    linkGenerationMax: undefined,
    barSizesBytes: {},
    nvlinks: undefined,
    firstSeenUnixSeconds: 0,
  });
  // One is there, one fell off the bus, one was given away.
  const baseline = { gpus: [had('A', 'a'), had('X', 'x'), had('C', 'c')], notKept: undefined };
  expect(valuesOf(await exposition(node({ pci: bus, baseline })), 'gpu_expected_count')).toEqual(['3']);
});

test('the time of creation is absent with its total', async () => {
  const without = await exposition(node({ gpus: [gpu(0)] }), 'openmetrics');
  expect(without).not.toContain('_created');
  const busy = gpu(0, { readings: readings({ busy_seconds_total: 0 }) });
  const text = await exposition(node({ gpus: [busy] }), 'openmetrics');
  expect(valuesOf(text, 'gpu_busy_seconds_total')).toEqual(['0']);
  expect(valuesOf(text, 'gpu_busy_seconds_created')).toEqual(['1699999000.25']);
  expect(await exposition(node({ gpus: [busy] }), 'text')).not.toContain('_created');
});

test('without a driver the agent still tells about itself and the PCI bus', async () => {
  const { driver } = node();
  const text = await exposition(
    node({
      driver: {
        ...driver,
        state: 'library_missing',
        libraryPath: undefined,
        libraryVersion: undefined,
        moduleVersion: undefined,
        driverVersion: undefined,
        gpuCount: undefined,
      },
      pci: [pciFunction('0000:3b:00.0', { deviceId: 0x1eb8, iommuGroup: 1, numaNode: 0 })],
    }),
  );
  expect(valuesOf(text, 'gpu_agent_nvml_initialized')).toEqual(['0']);
  expect(valuesOf(text, 'gpu_pci_devices', { driver: 'none' })).toEqual(['1']);
  expect(text).not.toMatch(/^gpu_(?:count|driver_info|agent_nvml_info|agent_nvml_symbols_missing)/m);
});

describe('state-sets', () => {
  const active = async (id: 'compute_mode' | 'clocks_event_reasons' | 'power_source', value: number, name: string) => {
    const text = await exposition(
      node({ gpus: [gpu(0, { readings: readings({ [id]: value }) })] }),
      'text',
      everything,
    );
    const states = samplesOf(text).filter((sample) => sample.name === name);
    return {
      on: states
        .filter((state) => state.value === '1')
        .map(({ labels }) => labels.mode ?? labels.reason ?? labels.source),
      of: states.length,
    };
  };

  test('have 1 for the present state and 0 for the others', async () => {
    expect(await active('compute_mode', 2, 'gpu_compute_mode')).toEqual({ on: ['prohibited'], of: 3 });
    expect(await active('power_source', 1, 'gpu_power_source')).toEqual({ on: ['battery'], of: 3 });
  });

  test('are all 0 for a state that has no name', async () => {
    expect(await active('compute_mode', 77, 'gpu_compute_mode')).toEqual({ on: [], of: 3 });
  });

  test('of a mask follow its bits, high unknown ones left alone', async () => {
    expect(await active('clocks_event_reasons', 0, 'gpu_clocks_event_active')).toEqual({ on: [], of: 9 });
    expect(await active('clocks_event_reasons', 2 ** 40 + 0x44, 'gpu_clocks_event_active')).toEqual({
      on: ['hw_thermal_slowdown', 'sw_power_cap'],
      of: 9,
    });
  });
});

describe('use by workloads', () => {
  const held = (pids: readonly number[]) => ({
    partitions: [partition('p', { gpuUuid: gpu(0).uuid, gpuIndex: 0, workloads: ['w'] })],
    workloads: [workload('w', { pids })],
  });
  const process = (pid: number, usedMemoryBytes: number | undefined) =>
    ({ pid, type: 'compute', usedMemoryBytes, gpuInstance: undefined, computeInstance: undefined }) as const;
  const used = async (processes: ReturnType<typeof process>[], processTotal: number, pids: readonly number[]) => {
    const present = readings({ compute_processes: processTotal });
    const text = await exposition(
      node({ gpus: [gpu(0, { processes, processTotal, readings: present })], ...held(pids) }),
    );
    return [...valuesOf(text, 'gpu_workload_memory_used_bytes'), ...valuesOf(text, 'gpu_workload_processes')];
  };

  test('is the sum over its processes', async () => {
    expect(await used([process(1, 100), process(2, 50), process(3, 7)], 3, [1, 3])).toEqual(['107', '2']);
  });

  test('is not known when one of its processes is not, but they can be counted', async () => {
    expect(await used([process(1, 100), process(2, undefined)], 2, [1, 2])).toEqual(['2']);
  });

  test('is not known when the list was cut off or nobody knows its processes', async () => {
    expect(await used([process(1, 100)], 300, [1])).toEqual([]);
    expect(await used([process(1, 100)], 1, [])).toEqual([]);
  });

  test('is not known when one of the lists failed: some of its processes may be in that', async () => {
    const present = readings({ compute_processes: 1 });
    const gpus = [gpu(0, { processes: [process(1, 100)], processTotal: 1, readings: present })];
    const known = async () =>
      valuesOf(await exposition(node({ gpus, ...held([1]) })), 'gpu_workload_memory_used_bytes');
    expect(await known()).toEqual(['100']);
    present.status[readingIndex('graphics_processes')] = 10;
    expect(await known()).toEqual([]);
  });
});

describe('processes', () => {
  const GPU = gpu(0);
  const shown = async (name: string | undefined) => {
    const processes = [
      { pid: 7, type: 'compute', usedMemoryBytes: 5, gpuInstance: undefined, computeInstance: undefined },
    ] as const;
    const state = node({
      gpus: [gpu(0, { readings: readings({ compute_processes: 1 }), processes, processTotal: 1 })],
      processes: name === undefined ? [] : [{ pid: 7, startedUnixSeconds: undefined, name }],
    });
    return (await exposition(state, 'text', everything)).match(/^gpu_process_memory_used_bytes\{.*/m)?.[0];
  };

  test('have the name they gave themselves, and no name while it is not known', async () => {
    const line = (name: string) =>
      `gpu_process_memory_used_bytes{uuid="${GPU.uuid}",gpu="0",pid="7",${name}type="compute"} 5`;
    expect(await shown('python3')).toBe(line('process="python3",'));
    expect(await shown(undefined)).toBe(line(''));
  });

  test('cannot end a line or a label by how they call themselves', async () => {
    expect(await shown('a"} 1\nb\\')).toContain(',process="a\\"} 1\\nb\\\\",');
  });
});

describe('utilisation by workloads', () => {
  const GPU = gpu(0);
  const listed = (pid: number) =>
    ({ pid, type: 'compute', usedMemoryBytes: 1, gpuInstance: undefined, computeInstance: undefined }) as const;
  const shown = async (
    uses: ReturnType<typeof processUse>[],
    more: Partial<Gpu> = {},
    kind: 'whole' | 'mig' = 'whole',
  ) => {
    const one = gpu(0, {
      readings: readings({ compute_processes: 4, process_utilization_samples: uses.length }),
      processes: [listed(1), listed(2), { ...listed(2), type: 'graphics' }, listed(3)],
      processTotal: 4,
      processUses: uses,
      ...more,
    });
    const state = node({
      gpus: [one],
      partitions: [partition('p', { kind, gpuUuid: GPU.uuid, gpuIndex: 0, workloads: ['w'] })],
      workloads: [workload('w', { pids: [1, 2] })],
    });
    return valuesOf(await exposition(state), 'gpu_workload_utilization_ratio');
  };

  test('is the sum over its processes, each counted once', async () => {
    expect(await shown([processUse(1, 0.25), processUse(2, 0.125), processUse(3, 0.5)])).toEqual(['0.375']);
  });

  test('takes a process without a sample for idle, as the driver means it', async () => {
    expect(await shown([processUse(1, 0.25)])).toEqual(['0.25']);
    expect(await shown([])).toEqual(['0']);
  });

  test('of a client of MPS is not known: the driver samples the server alone', async () => {
    const client = { ...listed(1), type: 'mps' } as const;
    expect(await shown([processUse(2, 0.25)], { processes: [client, listed(2)], processTotal: 2 })).toEqual([]);
  });

  test('is 1 at most: samples of several processes are not of the same time', async () => {
    expect(await shown([processUse(1, 0.75), processUse(2, 0.75)])).toEqual(['1']);
  });

  test('is not known where the driver has no samples, lists a part of the processes, or divides the GPU', async () => {
    expect(await shown([], { readings: readings({}) })).toEqual([]);
    expect(await shown([processUse(1, 0.25)], { processTotal: 5 })).toEqual([]);
    expect(await shown([processUse(1, 0.25)], {}, 'mig')).toEqual([]);
  });
});

test('claims of a share that contradict each other have no rest', async () => {
  const share = {
    podUid: 'u',
    container: 'c',
    layout: 'v1',
    reportedBytes: 10,
    contextBytes: 5,
    moduleBytes: 5,
    bufferBytes: 5,
    actualBytes: undefined,
    priority: 0,
    blocked: true,
    lastKernelUnixSeconds: undefined,
    processes: [],
  };
  const text = await exposition(node({ partitions: [partition('p', { kind: 'share', share })] }));
  expect(valuesOf(text, 'gpu_share_memory_kind_bytes', { kind: 'rest' })).toEqual([]);
  expect(valuesOf(text, 'gpu_share_memory_kind_bytes', { kind: 'buffer' })).toEqual(['5']);
  expect(text).not.toContain('gpu_share_memory_actual_bytes');
});

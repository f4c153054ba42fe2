import { expectedOf } from '../../model/baseline.js';
import type { Gpu } from '../../model/gpu.js';
import type { NodeState } from '../../model/node-state.js';
import { RECOVERY_ACTIONS, recoveryAdvice } from '../../model/recovery-action.js';
import type { ReadingId } from '../../native/readings.generated.js';
import { familiesOf, type Labels, one, type Subject } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus, node } from '../subjects.js';

/** nvmlBrandType_t; 11 has two names, 17 none. */
export const BRANDS: Readonly<Record<number, string>> = {
  1: 'quadro',
  2: 'tesla',
  3: 'nvs',
  4: 'grid',
  5: 'geforce',
  6: 'titan',
  7: 'nvidia_vapps',
  8: 'nvidia_vpc',
  9: 'nvidia_vcs',
  10: 'nvidia_vws',
  11: 'nvidia_cloud_gaming',
  12: 'quadro_rtx',
  13: 'nvidia_rtx',
  14: 'nvidia',
  15: 'geforce_rtx',
  16: 'titan_rtx',
};

/** NVML_DEVICE_ARCH_*. */
export const ARCHITECTURES: Readonly<Record<number, string>> = {
  2: 'kepler',
  3: 'maxwell',
  4: 'pascal',
  5: 'volta',
  6: 'turing',
  7: 'ampere',
  8: 'ada',
  9: 'hopper',
  10: 'blackwell',
  13: 'rubin',
};

/** nvmlGpuVirtualizationMode_t. */
export const VIRTUALIZATION: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'passthrough',
  2: 'vgpu_guest',
  3: 'vgpu_host',
  4: 'vsga_host',
};

/** Values of field 230 by their names. */
const RECOVERY_VALUES: Readonly<Record<string, number>> = Object.fromEntries(
  RECOVERY_ACTIONS.map(({ name }, value) => [name, value]),
);

/** `10de:2330`, as lspci prints it, from NVML's device id × 65536 + vendor id. */
export function pciId(combined: number | undefined): string | undefined {
  if (combined === undefined) return undefined;
  const hex = combined.toString(16).padStart(8, '0');
  return `${hex.slice(4)}:${hex.slice(0, 4)}`;
}

/** Identity outlives the moment at which a GPU stops answering: who is lost must still have a name. */
function identityOf(gpu: Gpu): Labels {
  const get = (id: ReadingId) => gpu.readings.get(id);
  const named = (names: Readonly<Record<number, string>>, id: ReadingId) => {
    const number = get(id);
    return number === undefined ? undefined : names[number];
  };
  const major = get('compute_capability_major');
  const minor = get('compute_capability_minor');
  return {
    name: gpu.name,
    brand: named(BRANDS, 'brand'),
    architecture: named(ARCHITECTURES, 'architecture'),
    compute_capability: major === undefined || minor === undefined ? undefined : `${major}.${minor}`,
    pci_bus_id: gpu.pciBusId,
    pci_device_id: pciId(get('pci_device_id')),
    pci_subsystem_id: pciId(get('pci_subsystem_id')),
    serial: gpu.serial,
    board_part_number: gpu.boardPartNumber,
    vbios_version: gpu.vbiosVersion,
    inforom_image_version: gpu.inforomImageVersion,
    gsp_version: gpu.gspFirmwareVersion,
    minor: get('minor_number'),
    module_id: get('module_id'),
    numa_node: get('numa_node'),
    virtualization: named(VIRTUALIZATION, 'virtualization_mode'),
  };
}

const IDENTITY_LABELS = [
  'name',
  'brand',
  'architecture',
  'compute_capability',
  'pci_bus_id',
  'pci_device_id',
  'pci_subsystem_id',
  'serial',
  'board_part_number',
  'vbios_version',
  'inforom_image_version',
  'gsp_version',
  'minor',
  'module_id',
  'numa_node',
  'virtualization',
] as const;

interface IdentityRow {
  readonly gpu: Gpu;
  readonly identity: Labels;
}

/** A GPU by all it says of itself: these labels are readings, so their values are part of the key. */
const identities: Subject<IdentityRow> = {
  name: 'GPU',
  labelNames: [...gpus.labelNames, ...IDENTITY_LABELS],
  rows: ({ state }) => state.gpus.map((gpu) => ({ gpu, identity: identityOf(gpu) })),
  key: ({ gpu, identity }) => `${gpus.key(gpu)} ${JSON.stringify(identity)}`,
  labels: ({ gpu, identity }) => ({ ...gpus.labels(gpu), ...identity }),
};

/** Where the GPU is in its rack. */
function placeOf({ readings, platformChassisSerial }: Gpu): Labels {
  return {
    chassis_serial: platformChassisSerial,
    slot: readings.get('platform_slot'),
    tray: readings.get('platform_tray'),
    host_id: readings.get('platform_host_id'),
    module_id: readings.get('platform_module_id'),
  };
}

/** GPUs that know their place in a rack, by what they say of it. */
const places: Subject<IdentityRow> = {
  name: 'GPU in a rack',
  labelNames: [...gpus.labelNames, 'chassis_serial', 'slot', 'tray', 'host_id', 'module_id'],
  rows: ({ state }) =>
    state.gpus
      .map((gpu) => ({ gpu, identity: placeOf(gpu) }))
      .filter(({ identity }) => Object.values(identity).some((value) => value !== undefined)),
  key: identities.key,
  labels: identities.labels,
};

interface DriverRow {
  readonly driver: NodeState['driver'];
}

const drivers: Subject<DriverRow> = {
  name: 'node',
  labelNames: ['driver_version', 'nvml_version', 'cuda_version', 'kernel_module', 'branch'],
  rows: ({ state }) => (state.driver.driverVersion === undefined ? [] : [{ driver: state.driver }]),
  key: ({ driver }) => `${driver.driverVersion} ${driver.nvmlVersion} ${driver.cudaVersion} ${driver.kernelModule}`,
  labels: ({ driver }) => ({
    driver_version: driver.driverVersion,
    nvml_version: driver.nvmlVersion,
    cuda_version: driver.cudaVersion,
    kernel_module: driver.kernelModule,
    branch: driver.driverVersion?.split('.')[0],
  }),
};

interface BindingRow {
  readonly driver: string;
  readonly functions: number;
}

/** Kernel drivers that NVIDIA's PCI functions are bound to. The usual ones are counted from 0. */
const bindings: Subject<BindingRow> = {
  name: 'kernel driver',
  labelNames: ['driver'],
  rows: ({ state }) => {
    if (state.pci.length === 0) return [];
    const counts = new Map([
      ['nvidia', 0],
      ['none', 0],
      ['vfio-pci', 0],
    ]);
    for (const { driver = 'none' } of state.pci) counts.set(driver, (counts.get(driver) ?? 0) + 1);
    return [...counts].map(([driver, functions]) => ({ driver, functions }));
  },
  key: ({ driver }) => driver,
  labels: ({ driver }) => ({ driver }),
};

/** Absent where the bus is not looked at: what is on it is then not known. */
function expectedGpus({ pci, baseline }: NodeState): number | undefined {
  if (pci.length === 0) return undefined;
  const bound = new Set(
    pci.flatMap(({ busId, driver, virtualFunctionOf }) =>
      driver === 'nvidia' && virtualFunctionOf === undefined ? [busId] : [],
    ),
  );
  const remembered = expectedOf(baseline.gpus, pci);
  return bound.size + remembered.filter(({ busId }) => busId === undefined || !bound.has(busId)).length;
}

/** Who the GPUs are and what state they are in. */
export const identity = [
  ...familiesOf(identities, [
    {
      name: 'gpu_info',
      type: 'info',
      help: 'Identity of the GPU, value 1',
      origin: 'NVML identity calls, read once per driver start and hourly',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(places, [
    {
      name: 'gpu_platform_info',
      type: 'info',
      help: 'Where in its rack the GPU is, value 1',
      origin: 'nvmlDeviceGetPlatformInfo',
      needs: 'Blackwell racks; drivers 570 and newer',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(drivers, [
    {
      name: 'gpu_driver_info',
      type: 'info',
      help: 'Versions of the driver, value 1',
      origin:
        'nvmlSystemGetDriverVersion, nvmlSystemGetNVMLVersion, nvmlSystemGetCudaDriverVersion_v2, procfs driver/nvidia/version',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(bindings, [
    {
      name: 'gpu_pci_devices',
      type: 'gauge',
      help: 'NVIDIA display and 3D functions on the PCI bus by the kernel driver they are bound to',
      origin: 'sysfs bus/pci/devices',
      series: [{ value: (row) => row.functions }],
    },
  ]),
  ...familiesOf(node, [
    {
      name: 'gpu_count',
      type: 'gauge',
      help: 'GPUs the driver reports',
      origin: 'nvmlDeviceGetCount_v2',
      series: [{ value: (state) => state.driver.gpuCount }],
    },
    {
      name: 'gpu_expected_count',
      type: 'gauge',
      help: 'GPUs that are bound to the nvidia kernel driver, virtual functions not counted, and those this node had and nobody else took; more than gpu_count = one is missing',
      origin: 'sysfs bus/pci/devices, baseline of the node',
      series: [{ value: expectedGpus }],
    },
  ]),
  ...familiesOf(gpus, [
    {
      name: 'gpu_up',
      type: 'gauge',
      help: 'Whether the last collection from the GPU succeeded: 0 when it is lost, stuck, released or its data too old',
      origin: 'agent',
      series: [{ value: (gpu) => Number(gpu.condition === 'up') }],
    },
    ofGpu.gauge(
      'gpu_persistence_mode_enabled',
      'Whether persistence mode is on: the driver stays loaded while nobody uses the GPU',
      'persistence_mode_enabled',
    ),
    ofGpu.gauge(
      'gpu_compute_mode',
      'Compute mode, 1 for the current one',
      ofGpu.states('compute_mode', 'mode', { default: 0, prohibited: 2, exclusive_process: 3 }),
    ),
    ofGpu.gauge('gpu_display_active', 'Whether a display is initialised on the GPU', 'display_active'),
    ofGpu.counter(
      'gpu_driver_loaded_seconds_total',
      "Time for which a driver was loaded in the board's life",
      'driver_loaded_seconds_total',
      { needs: 'drivers 610 and newer' },
    ),
    ofGpu.gauge(
      'gpu_recovery_action',
      'What the driver asks for to make the GPU whole again, 1 for the current action',
      [
        ...ofGpu.states('recovery_action', 'action', RECOVERY_VALUES),
        ofGpu.seen('recovery_action', (action) => Number(recoveryAdvice(action).name === 'unknown'), {
          action: 'unknown',
        }),
      ],
      { needs: 'drivers 570 and newer' },
    ),
  ]),
];

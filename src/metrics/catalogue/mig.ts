import { type MigInstance, placesKnown } from '../../model/gpu.js';
import { familiesOf, type Labels, one, type Subject } from '../family.js';
import { ofGpu, ofMig } from '../reading.js';
import { gpus, type MigRow, migCounts, migInstances, migProfiles } from '../subjects.js';
import { ENGINES, ENGINES_SINCE, PIPES, TENSOR_PIPES, TENSOR_SINCE } from './activity-lines.js';

const MIG = 'Ampere or newer data-centre boards with MIG on';
const ON_MIG = { needs: MIG } as const;
const DETAIL = { needs: MIG, optIn: true } as const;
const HOPPER =
  'Hopper or newer with MIG on; drivers 525 and newer; A100 and A30 have no source of activity in MIG mode';

/** The driver measures a GPU instance: its compute instances show the same number. */
const SHARED_BY = 'measured for the whole GPU instance, also when it has several compute instances';

const computeProcesses = ofGpu.value('compute_processes');

interface CutRow extends MigRow {
  readonly cut: Labels;
}

function cutOf({ migIndex, readings }: MigInstance): Labels {
  return {
    placement_start: readings.get('placement_start'),
    placement_size: readings.get('placement_size'),
    mig_index: migIndex,
  };
}

/** MIG instances by where on the GPU they are: those labels are readings, so their values are part of the key. */
const cuts: Subject<CutRow> = {
  name: 'MIG instance',
  labelNames: [...migInstances.labelNames, 'placement_start', 'placement_size', 'mig_index'],
  rows: (scene) => migInstances.rows(scene).map(({ gpu, instance }) => ({ gpu, instance, cut: cutOf(instance) })),
  key: (row) => `${migInstances.key(row)} ${row.cut.placement_start ?? ''} ${row.cut.placement_size ?? ''}`,
  labels: (row) => ({ ...migInstances.labels(row), ...row.cut }),
};

/** Multi-instance GPUs: mode, instances, what each has and uses. */
export const mig = [
  ...familiesOf(gpus, [
    ofGpu.gauge('gpu_mig_mode_enabled', 'Whether MIG mode is on', 'mig_mode_enabled', {
      needs: 'Ampere or newer data-centre boards',
    }),
    ofGpu.gauge('gpu_mig_mode_pending', 'Whether MIG mode will be on after the next reset', 'mig_mode_pending', {
      needs: 'Ampere or newer data-centre boards',
    }),
    ofGpu.counter(
      'gpu_mig_reconfigurations_total',
      'Times the GPU was divided anew since the agent started: instances came or went, or MIG mode changed, and then stood still for ten seconds',
      'mig_reconfigurations_total',
      { needs: 'Ampere or newer data-centre boards; permission to see instances', integrated: true },
    ),
  ]),
  ...familiesOf(migCounts, [
    {
      name: 'gpu_mig_instances',
      type: 'gauge',
      help: 'MIG instances of a profile',
      origin: 'nvmlDeviceGetMigDeviceHandleByIndex',
      ...ON_MIG,
      series: [{ value: (row) => (row.gpu.condition === 'up' ? row.instances : undefined) }],
    },
  ]),
  ...familiesOf(migProfiles, [
    {
      name: 'gpu_mig_profile_capacity',
      type: 'gauge',
      help: 'GPU instances of a profile that fit on the GPU when it is empty',
      origin: 'nvmlDeviceGetGpuInstanceProfileInfoV',
      needs: `${MIG}; drivers 510 and newer`,
      optIn: true,
      series: [{ value: ({ gpu, profile }) => (gpu.condition === 'up' ? profile.capacity : undefined) }],
    },
    {
      name: 'gpu_mig_profile_available',
      type: 'gauge',
      help: 'GPU instances of a profile that still fit on the GPU',
      origin: 'nvmlDeviceGetGpuInstanceRemainingCapacity',
      needs: `${MIG}; drivers 510 and newer; permission (root)`,
      optIn: true,
      series: [{ value: ({ gpu, profile }) => (gpu.condition === 'up' ? profile.available : undefined) }],
    },
  ]),
  ...familiesOf(cuts, [
    {
      name: 'gpu_mig_info',
      type: 'info',
      help: 'Identity of the MIG instance and where on the GPU it is, value 1',
      origin:
        'nvmlDeviceGetMigDeviceHandleByIndex, nvmlDeviceGetGpuInstanceId, nvmlDeviceGetComputeInstanceId, nvmlGpuInstanceGetInfo',
      needs: `${MIG}; placement: permission (root)`,
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(migInstances, [
    ofMig.gauge(
      'gpu_mig_slices',
      'Slices of the GPU that the instance has',
      [ofMig.line('compute_slices', { kind: 'compute' }), ofMig.line('gpu_slices', { kind: 'gpu' })],
      DETAIL,
    ),
    ofMig.gauge(
      'gpu_mig_multiprocessors',
      'Streaming multiprocessors that the instance has',
      'multiprocessors',
      DETAIL,
    ),
    ofMig.gauge(
      'gpu_mig_engines',
      'Engines that the instance has, shared ones included',
      ofMig.by('engine', {
        copy: 'copy_engines',
        decoder: 'decoders',
        encoder: 'encoders',
        jpeg: 'jpeg_engines',
        ofa: 'ofa_engines',
      }),
      DETAIL,
    ),
    ofMig.gauge('gpu_mig_memory_total_bytes', 'Device memory of the instance', 'memory_total_bytes', {
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      ...ON_MIG,
    }),
    ofMig.gauge(
      'gpu_mig_memory_reserved_bytes',
      'Device memory of the instance that the driver keeps for itself',
      'memory_reserved_bytes',
      { origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle', ...DETAIL },
    ),
    ofMig.gauge('gpu_mig_memory_used_bytes', 'Device memory of the instance in use', 'memory_used_bytes', {
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      ...ON_MIG,
    }),
    ofMig.gauge('gpu_mig_memory_free_bytes', 'Device memory of the instance that is free', 'memory_free_bytes', {
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      ...DETAIL,
    }),
    ofMig.gauge(
      'gpu_mig_bar1_memory_total_bytes',
      'Share of the BAR1 aperture that the instance has',
      'bar1_memory_total_bytes',
      { origin: 'nvmlDeviceGetBAR1MemoryInfo on the MIG handle', ...DETAIL },
    ),
    ofMig.gauge(
      'gpu_mig_bar1_memory_used_bytes',
      "BAR1 aperture in use, of the instance's share",
      'bar1_memory_used_bytes',
      { origin: 'nvmlDeviceGetBAR1MemoryInfo on the MIG handle', ...DETAIL },
    ),
    ofMig.counter(
      'gpu_mig_ecc_errors_total',
      'ECC errors of the SRAMs of the instance since the driver was loaded',
      [ofMig.line('ecc_uncorrected_total', { severity: 'uncorrected' })],
      { origin: 'nvmlDeviceGetTotalEccErrors on the MIG handle', ...ON_MIG },
    ),
    ofMig.gauge(
      'gpu_mig_graphics_activity_ratio',
      `Share of the time in which the graphics or compute engine was active; ${SHARED_BY}`,
      'graphics_activity_ratio',
      { needs: HOPPER },
    ),
    ofMig.gauge(
      'gpu_mig_sm_activity_ratio',
      `Share of the time in which a multiprocessor of the instance had work; ${SHARED_BY}`,
      'sm_activity_ratio',
      { needs: HOPPER },
    ),
    ofMig.gauge(
      'gpu_mig_sm_occupancy_ratio',
      `Warps that were resident over those that fit; ${SHARED_BY}`,
      'sm_occupancy_ratio',
      { needs: HOPPER },
    ),
    ofMig.gauge(
      'gpu_mig_tensor_activity_ratio',
      `Share of the cycles in which a tensor pipe was active; ${SHARED_BY}`,
      [ofMig.line('tensor_any_activity_ratio', { pipe: 'any' })],
      {
        needs: `${HOPPER}; ${TENSOR_SINCE}`,
        details: { what: 'pipes other than `any`', series: ofMig.by('pipe', TENSOR_PIPES) },
      },
    ),
    ofMig.gauge(
      'gpu_mig_pipe_activity_ratio',
      `Share of the cycles in which an arithmetic pipe was active; ${SHARED_BY}`,
      ofMig.by('pipe', PIPES),
      { needs: HOPPER, optIn: true },
    ),
    ofMig.gauge(
      'gpu_mig_dram_activity_ratio',
      `Share of the cycles in which device memory was read or written; ${SHARED_BY}`,
      'dram_activity_ratio',
      { needs: HOPPER },
    ),
    ofMig.gauge(
      'gpu_mig_engine_activity_ratio',
      `Share of the time in which a media engine was active; ${SHARED_BY}`,
      ENGINES.map(([labels, id]) => ofMig.line(id, labels)),
      { needs: `${HOPPER}; ${ENGINES_SINCE}`, optIn: true },
    ),
    {
      name: 'gpu_mig_processes',
      type: 'gauge',
      help: 'Compute processes on the instance; absent when the list is longer than what is read or does not name instances',
      origin: 'nvmlDeviceGetComputeRunningProcesses_v3',
      needs: `${MIG}; drivers 510 and newer`,
      series: [
        {
          value: ({ gpu, instance: { gpuInstance, computeInstance } }) => {
            if (computeProcesses(gpu) === undefined || gpu.processes.length < gpu.processTotal) return undefined;
            const computing = gpu.processes.filter(({ type }) => type === 'compute');
            if (gpuInstance === undefined || !placesKnown(computing)) return undefined;
            return computing.filter(
              (process) => process.gpuInstance === gpuInstance && process.computeInstance === computeInstance,
            ).length;
          },
        },
      ],
    },
  ]),
];

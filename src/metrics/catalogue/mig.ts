import { placesKnown } from '../../model/gpu.js';
import { MIG_INSTANCE_READINGS, readingIndex } from '../../model/readings.js';
import type { MigReadingId } from '../../native/readings.generated.js';
import { familiesOf, one, type Series } from '../family.js';
import { readingOf, readingSeries } from '../reading.js';
import { gpus, type MigRow, migInstances, migProfiles } from '../subjects.js';

/** A line that is a reading of an instance; absent while its GPU does not answer. */
function instanceSeries(id: MigReadingId, labels: Series<MigRow>['labels'] = {}): Series<MigRow> {
  const index = MIG_INSTANCE_READINGS.index(id);
  return {
    labels,
    value: ({ gpu, instance: { readings } }) =>
      gpu.condition === 'up' && readings.status[index] === 0 ? readings.values[index] : undefined,
  };
}

const COMPUTE_PROCESSES = readingIndex('compute_processes');

/** Multi-instance GPUs: mode, instances, what each has and uses. */
export const mig = [
  ...familiesOf(gpus, [
    {
      name: 'gpu_mig_mode_enabled',
      type: 'gauge',
      help: 'Whether MIG mode is on',
      origin: 'nvmlDeviceGetMigMode',
      series: [readingSeries('mig_mode_enabled')],
    },
    {
      name: 'gpu_mig_mode_pending',
      type: 'gauge',
      help: 'Whether MIG mode will be on after the next reset',
      origin: 'nvmlDeviceGetMigMode',
      series: [readingSeries('mig_mode_pending')],
    },
  ]),
  ...familiesOf(migProfiles, [
    {
      name: 'gpu_mig_instances',
      type: 'gauge',
      help: 'MIG instances of a profile',
      origin: 'nvmlDeviceGetMigDeviceHandleByIndex',
      series: [{ value: (row) => (row.gpu.condition === 'up' ? row.instances : undefined) }],
    },
  ]),
  ...familiesOf(migInstances, [
    {
      name: 'gpu_mig_info',
      type: 'info',
      help: 'Identity of the MIG instance, value 1',
      origin: 'nvmlDeviceGetMigDeviceHandleByIndex, nvmlDeviceGetGpuInstanceId, nvmlDeviceGetComputeInstanceId',
      labelNames: ['mig_index'],
      series: ({ instance }) => [{ labels: { mig_index: instance.migIndex }, value: one }],
    },
    {
      name: 'gpu_mig_slices',
      type: 'gauge',
      help: 'Slices of the GPU that the instance has',
      origin: 'nvmlDeviceGetAttributes_v2',
      labelNames: ['kind'],
      series: [instanceSeries('compute_slices', { kind: 'compute' }), instanceSeries('gpu_slices', { kind: 'gpu' })],
    },
    {
      name: 'gpu_mig_multiprocessors',
      type: 'gauge',
      help: 'Streaming multiprocessors that the instance has',
      origin: 'nvmlDeviceGetAttributes_v2',
      series: [instanceSeries('multiprocessors')],
    },
    {
      name: 'gpu_mig_engines',
      type: 'gauge',
      help: 'Engines that the instance has, shared ones included',
      origin: 'nvmlDeviceGetAttributes_v2',
      labelNames: ['engine'],
      series: [
        instanceSeries('copy_engines', { engine: 'copy' }),
        instanceSeries('decoders', { engine: 'decoder' }),
        instanceSeries('encoders', { engine: 'encoder' }),
        instanceSeries('jpeg_engines', { engine: 'jpeg' }),
        instanceSeries('ofa_engines', { engine: 'ofa' }),
      ],
    },
    {
      name: 'gpu_mig_memory_total_bytes',
      type: 'gauge',
      help: 'Device memory of the instance',
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      series: [instanceSeries('memory_total_bytes')],
    },
    {
      name: 'gpu_mig_memory_reserved_bytes',
      type: 'gauge',
      help: 'Device memory of the instance that the driver keeps for itself',
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      series: [instanceSeries('memory_reserved_bytes')],
    },
    {
      name: 'gpu_mig_memory_used_bytes',
      type: 'gauge',
      help: 'Device memory of the instance in use',
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      series: [instanceSeries('memory_used_bytes')],
    },
    {
      name: 'gpu_mig_memory_free_bytes',
      type: 'gauge',
      help: 'Device memory of the instance that is free',
      origin: 'nvmlDeviceGetMemoryInfo_v2 on the MIG handle',
      series: [instanceSeries('memory_free_bytes')],
    },
    {
      name: 'gpu_mig_processes',
      type: 'gauge',
      help: 'Compute processes on the instance; absent when the list is longer than what is read or does not name instances',
      origin: 'nvmlDeviceGetComputeRunningProcesses_v3',
      series: [
        {
          value: ({ gpu, instance: { gpuInstance, computeInstance } }) => {
            if (readingOf(gpu, COMPUTE_PROCESSES) === undefined || gpu.processes.length < gpu.processTotal)
              return undefined;
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

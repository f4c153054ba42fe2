import { familiesOf, flag, one } from '../family.js';
import { partitions as parts } from '../subjects.js';

/** Parts of GPUs that can be given to somebody, in one vocabulary for all technologies. */
export const partitions = familiesOf(parts, [
  {
    name: 'gpu_partition_info',
    type: 'info',
    help: 'Identity of the partition, value 1',
    origin: 'agent',
    labelNames: ['profile', 'mig_uuid', 'pci_bus_id'],
    series: (partition) => [
      {
        labels: {
          profile: partition.profile,
          mig_uuid: partition.migUuid,
          pci_bus_id: partition.pciBusId,
        },
        value: one,
      },
    ],
  },
  {
    name: 'gpu_partition_memory_total_bytes',
    type: 'gauge',
    help: 'Memory capacity of the partition: limit, profile or frame buffer',
    origin: 'NVML memory calls, HAMi limit',
    series: [{ value: (partition) => partition.memoryTotalBytes }],
  },
  {
    name: 'gpu_partition_memory_used_bytes',
    type: 'gauge',
    help: 'Memory of the partition in use, as the driver sees it',
    origin: 'NVML memory calls and process lists',
    series: [{ value: (partition) => partition.memoryUsedBytes }],
  },
  {
    name: 'gpu_partition_sm_limit_ratio',
    type: 'gauge',
    help: "Share of the GPU's multiprocessors that the partition may use, where anything limits it",
    origin: 'MIG attributes, HAMi limit, CUDA_MPS_ACTIVE_THREAD_PERCENTAGE of the client and its server',
    series: [{ value: (partition) => partition.smLimitRatio }],
  },
  {
    name: 'gpu_partition_utilization_ratio',
    type: 'gauge',
    help: 'Utilisation of the partition, where anything measures it; of a HAMi share as the container claims it',
    origin:
      'nvmlDeviceGetUtilizationRates; MIG: GPM metric 1; timeslice: samples of its processes; share: HAMi usage file',
    needs:
      'MIG: Hopper or newer, and one compute instance in the GPU instance; absent on A100 MIG, of clients of MPS that the driver does not sample, passthrough and vGPU',
    series: [{ value: (partition) => partition.utilizationRatio }],
  },
  {
    name: 'gpu_partition_allocated',
    type: 'gauge',
    help: 'Whether somebody holds the partition; absent where it cannot be known, as on a host of vGPUs. Parts count beside the GPU they are of',
    origin: 'agent',
    series: [{ value: (partition) => flag(partition.allocated) }],
  },
]);

import type { WorkloadUse } from '../../model/workload-use.js';
import { familiesOf, type Subject } from '../family.js';
import { gpus } from '../subjects.js';

/** A workload on a partition, now or a while ago. */
const uses: Subject<WorkloadUse> = {
  name: 'workload on a partition, also one that ended not long ago',
  labelNames: ['uuid', 'gpu', 'workload', 'partition'],
  rows: ({ state }) => state.use.workloads,
  key: ({ partition, workload }) => `${partition} ${workload}`,
  order: ({ gpuIndex, partition, workload }) => `${String(gpuIndex).padStart(6, '0')} ${partition} ${workload}`,
  labels: ({ gpuUuid, gpuIndex, workload, partition }) => ({ uuid: gpuUuid, gpu: gpuIndex, workload, partition }),
};

const created = ({ sinceUnixSeconds }: WorkloadUse) => sinceUnixSeconds;
/** Where the driver's samples do not say how much a process used. */
export const NOT_TOLD = 'not with MIG; under MPS only of whom the driver samples, as a rule the server alone';

/** What workloads used, added up each cycle from what the driver says of their processes. */
export const workloadUse = [
  ...familiesOf(uses, [
    {
      name: 'gpu_workload_busy_seconds_total',
      type: 'counter',
      help: "Time in which the workload's processes had kernels on the partition, by the driver's samples of each",
      origin: 'integral of nvmlDeviceGetProcessesUtilizationInfo, nvmlDeviceGetProcessUtilization',
      needs: NOT_TOLD,
      integrated: { created },
      series: [{ value: ({ busySeconds }) => busySeconds }],
    },
    {
      name: 'gpu_workload_observed_seconds_total',
      type: 'counter',
      help: "Time for which there were samples of the workload's processes, each process for itself",
      origin: 'integral of nvmlDeviceGetProcessesUtilizationInfo, nvmlDeviceGetProcessUtilization',
      needs: NOT_TOLD,
      integrated: { created },
      series: [{ value: ({ observedSeconds }) => observedSeconds }],
    },
    {
      name: 'gpu_workload_memory_byte_seconds_total',
      type: 'counter',
      help: "Device memory of the workload's processes over time; absent once the driver did not know one of them",
      origin: 'integral of the NVML process lists',
      integrated: { created },
      series: [{ value: ({ memoryByteSeconds }) => memoryByteSeconds }],
    },
    {
      name: 'gpu_workload_energy_joules_total',
      type: 'counter',
      help: "The workload's part of the energy of the GPU, which is shared out by busy time: an estimate",
      origin: 'nvmlDeviceGetTotalEnergyConsumption by samples of processes',
      needs: NOT_TOLD,
      labelNames: ['estimate'],
      integrated: { created },
      series: [{ labels: { estimate: 'true' }, value: ({ energyJoules }) => energyJoules }],
    },
  ]),
  ...familiesOf(gpus, [
    {
      name: 'gpu_unattributed_energy_joules_total',
      type: 'counter',
      help: "Energy of the GPU's counter that no workload has a part in: idle time, and processes nobody knows or samples",
      origin: 'nvmlDeviceGetTotalEnergyConsumption less gpu_workload_energy_joules_total',
      series: [
        {
          value: (gpu, { state }) =>
            gpu.condition === 'up'
              ? state.use.unattributed.find(({ gpuUuid }) => gpuUuid === gpu.uuid)?.energyJoules
              : undefined,
        },
      ],
    },
  ]),
];

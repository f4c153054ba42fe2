import { familiesOf } from '../family.js';
import { readingsBy } from '../reading.js';
import { gpus } from '../subjects.js';

/** How many processes the driver lists. */
export const processes = familiesOf(gpus, [
  {
    name: 'gpu_processes',
    type: 'gauge',
    help: 'Processes on the GPU; one with compute and graphics work counts under both',
    origin:
      'nvmlDeviceGetComputeRunningProcesses_v3, nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlDeviceGetMPSComputeRunningProcesses_v3',
    labelNames: ['type'],
    series: readingsBy('type', {
      compute: 'compute_processes',
      graphics: 'graphics_processes',
      mps: 'mps_processes',
    }),
  },
]);

import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

/** How many processes the driver lists. */
export const processes = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_processes',
    'Processes on the GPU; one with compute and graphics work counts under both',
    ofGpu.by('type', { compute: 'compute_processes', graphics: 'graphics_processes', mps: 'mps_processes' }),
    { needs: 'type mps: Volta or newer; not with MIG on a vGPU host' },
  ),
  ofGpu.gauge(
    'gpu_accounting_enabled',
    'Whether the driver keeps accounts of processes that have ended',
    'accounting_enabled',
    { optIn: true },
  ),
]);

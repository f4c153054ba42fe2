import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

const total = ofGpu.value('memory_total_bytes');
const reserved = ofGpu.value('memory_reserved_bytes');
const used = ofGpu.value('memory_used_bytes');

/** What a GPU that shares the system's memory answers: code 3, or a total of 0 (nvml.md §12.5). */
const UNIFIED: ReadonlySet<string> = new Set(['not_supported', 'no_own_memory']);

const CONFIDENTIAL = { needs: 'Hopper or newer with confidential computing on; drivers 535 and newer' } as const;

/** Device memory and the BAR1 aperture. */
export const memory = familiesOf(gpus, [
  ofGpu.gauge('gpu_memory_total_bytes', 'Device memory', 'memory_total_bytes'),
  ofGpu.gauge('gpu_memory_reserved_bytes', 'Device memory the driver keeps for itself', 'memory_reserved_bytes', {
    needs: 'drivers 510 and newer',
  }),
  ofGpu.gauge('gpu_memory_used_bytes', 'Device memory in use, without what is reserved', 'memory_used_bytes'),
  ofGpu.gauge('gpu_memory_free_bytes', 'Device memory that is free', 'memory_free_bytes'),
  ofGpu.gauge('gpu_memory_used_ratio', 'Used device memory over what can be used: used / (total - reserved)', [
    ofGpu.made(['memory_used_bytes'], (gpu) => {
      const [all, kept, taken] = [total(gpu), reserved(gpu), used(gpu)];
      if (all === undefined || kept === undefined || taken === undefined || all <= kept) return undefined;
      return taken / (all - kept);
    }),
  ]),
  ofGpu.gauge(
    'gpu_memory_unified',
    'Whether the GPU has no memory of its own but shares that of the system: its sizes are then absent',
    [
      ofGpu.made(['memory_total_bytes'], (gpu) => {
        if (total(gpu) !== undefined) return 0;
        return gpu.condition === 'up' && UNIFIED.has(gpu.readings.absence('memory_total_bytes') ?? '') ? 1 : undefined;
      }),
    ],
  ),
  ofGpu.gauge(
    'gpu_bar1_memory_total_bytes',
    'BAR1 aperture through which the CPU and peers reach device memory',
    'bar1_memory_total_bytes',
  ),
  ofGpu.gauge('gpu_bar1_memory_used_bytes', 'BAR1 aperture in use', 'bar1_memory_used_bytes'),
  ofGpu.gauge('gpu_bar1_memory_free_bytes', 'BAR1 aperture that is free', 'bar1_memory_free_bytes', { optIn: true }),
  ofGpu.gauge(
    'gpu_confidential_memory_total_bytes',
    'Device memory protected by confidential computing',
    'confidential_memory_total_bytes',
    CONFIDENTIAL,
  ),
  ofGpu.gauge(
    'gpu_confidential_memory_used_bytes',
    'Protected device memory in use',
    'confidential_memory_used_bytes',
    CONFIDENTIAL,
  ),
  ofGpu.gauge(
    'gpu_confidential_memory_free_bytes',
    'Protected device memory that is free',
    'confidential_memory_free_bytes',
    CONFIDENTIAL,
  ),
  ofGpu.gauge('gpu_memory_bus_width_bits', 'Width of the memory bus', 'memory_bus_width_bits', {
    optIn: true,
    needs: 'drivers 510 and newer',
  }),
]);

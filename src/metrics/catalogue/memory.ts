import { readingIndex } from '../../model/readings.js';
import { familiesOf } from '../family.js';
import { readingOf, readingSeries } from '../reading.js';
import { gpus } from '../subjects.js';

const TOTAL = readingIndex('memory_total_bytes');
const RESERVED = readingIndex('memory_reserved_bytes');
const USED = readingIndex('memory_used_bytes');

/** Device memory and the BAR1 aperture. */
export const memory = familiesOf(gpus, [
  {
    name: 'gpu_memory_total_bytes',
    type: 'gauge',
    help: 'Device memory',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [readingSeries('memory_total_bytes')],
  },
  {
    name: 'gpu_memory_reserved_bytes',
    type: 'gauge',
    help: 'Device memory the driver keeps for itself',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [readingSeries('memory_reserved_bytes')],
  },
  {
    name: 'gpu_memory_used_bytes',
    type: 'gauge',
    help: 'Device memory in use, without what is reserved',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [readingSeries('memory_used_bytes')],
  },
  {
    name: 'gpu_memory_free_bytes',
    type: 'gauge',
    help: 'Device memory that is free',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [readingSeries('memory_free_bytes')],
  },
  {
    name: 'gpu_memory_used_ratio',
    type: 'gauge',
    help: 'Used device memory over what can be used: used / (total - reserved)',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [
      {
        value: (gpu) => {
          const total = readingOf(gpu, TOTAL);
          const reserved = readingOf(gpu, RESERVED);
          const used = readingOf(gpu, USED);
          if (total === undefined || reserved === undefined || used === undefined || total <= reserved)
            return undefined;
          return used / (total - reserved);
        },
      },
    ],
  },
  {
    name: 'gpu_memory_unified',
    type: 'gauge',
    help: 'Whether the GPU has no memory of its own but shares that of the system: the sizes above are then absent',
    origin: 'nvmlDeviceGetMemoryInfo_v2',
    series: [
      {
        value: (gpu) => {
          if (readingOf(gpu, TOTAL) !== undefined) return 0;
          // Code 3 or a total of 0 (nvml.md §12.5).
          return gpu.condition === 'up' && gpu.readings.absence('memory_total_bytes') === 'not_supported'
            ? 1
            : undefined;
        },
      },
    ],
  },
  {
    name: 'gpu_bar1_memory_total_bytes',
    type: 'gauge',
    help: 'BAR1 aperture through which the CPU and peers reach device memory',
    origin: 'nvmlDeviceGetBAR1MemoryInfo',
    series: [readingSeries('bar1_memory_total_bytes')],
  },
  {
    name: 'gpu_bar1_memory_used_bytes',
    type: 'gauge',
    help: 'BAR1 aperture in use',
    origin: 'nvmlDeviceGetBAR1MemoryInfo',
    series: [readingSeries('bar1_memory_used_bytes')],
  },
  {
    name: 'gpu_bar1_memory_free_bytes',
    type: 'gauge',
    help: 'BAR1 aperture that is free',
    origin: 'nvmlDeviceGetBAR1MemoryInfo',
    series: [readingSeries('bar1_memory_free_bytes')],
  },
  {
    name: 'gpu_memory_bus_width_bits',
    type: 'gauge',
    help: 'Width of the memory bus',
    origin: 'nvmlDeviceGetMemoryBusWidth',
    series: [readingSeries('memory_bus_width_bits')],
  },
]);

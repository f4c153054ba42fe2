import { familiesOf } from '../family.js';
import { readingSeries, readingsBy } from '../reading.js';
import { gpus } from '../subjects.js';

/** Temperatures and the thresholds at which the hardware reacts. */
export const temperature = familiesOf(gpus, [
  {
    name: 'gpu_temperature_celsius',
    type: 'gauge',
    help: 'Temperature of the GPU die',
    origin: 'nvmlDeviceGetTemperatureV, nvmlDeviceGetTemperature',
    series: [readingSeries('temperature_celsius')],
  },
  {
    name: 'gpu_memory_temperature_celsius',
    type: 'gauge',
    help: 'Temperature of the high bandwidth memory',
    origin: 'field id 82',
    series: [readingSeries('memory_temperature_celsius')],
  },
  {
    name: 'gpu_temperature_margin_celsius',
    type: 'gauge',
    help: 'Kelvins left until the GPU slows down for heat',
    origin: 'nvmlDeviceGetMarginTemperature',
    series: [readingSeries('temperature_margin_celsius')],
  },
  {
    name: 'gpu_temperature_threshold_celsius',
    type: 'gauge',
    help: 'Temperatures at which the GPU slows down, shuts down or reaches a limit',
    origin: 'nvmlDeviceGetTemperatureThreshold',
    labelNames: ['threshold'],
    series: readingsBy('threshold', {
      acoustic_current: 'temperature_threshold_acoustic_current_celsius',
      gpu_max: 'temperature_threshold_gpu_max_celsius',
      memory_max: 'temperature_threshold_memory_max_celsius',
      shutdown: 'temperature_threshold_shutdown_celsius',
      slowdown: 'temperature_threshold_slowdown_celsius',
    }),
  },
  {
    name: 'gpu_temperature_limit_offset_celsius',
    type: 'gauge',
    help: 'Thresholds of boards that state them as margins to the limit instead of temperatures',
    origin: 'field ids 193-196',
    labelNames: ['threshold'],
    series: readingsBy('threshold', {
      gpu_max: 'temperature_limit_offset_gpu_max_celsius',
      memory_max: 'temperature_limit_offset_memory_max_celsius',
      shutdown: 'temperature_limit_offset_shutdown_celsius',
      slowdown: 'temperature_limit_offset_slowdown_celsius',
    }),
  },
]);

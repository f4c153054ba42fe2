import { familiesOf } from '../family.js';
import { ofFan, ofGpu } from '../reading.js';
import { fans, gpus } from '../subjects.js';

/** Temperatures, the thresholds at which the hardware reacts, and fans. */
export const temperature = [
  ...familiesOf(gpus, [
    ofGpu.gauge('gpu_temperature_celsius', 'Temperature of the GPU die', 'temperature_celsius', {
      origin: 'nvmlDeviceGetTemperatureV, nvmlDeviceGetTemperature',
      needs: 'another temperature than −1 °C, which is also how the driver says that it has none',
    }),
    ofGpu.gauge(
      'gpu_memory_temperature_celsius',
      'Temperature of the high bandwidth memory',
      'memory_temperature_celsius',
      { needs: 'boards with HBM' },
    ),
    ofGpu.gauge(
      'gpu_temperature_margin_celsius',
      'Kelvins left until the GPU slows down for heat',
      'temperature_margin_celsius',
      { needs: 'data-centre boards of Ada, Hopper and newer; drivers 570 and newer' },
    ),
    ofGpu.gauge(
      'gpu_temperature_threshold_celsius',
      'Temperatures at which the GPU slows down, shuts down or reaches a limit',
      ofGpu.by('threshold', {
        acoustic_current: 'temperature_threshold_acoustic_current_celsius',
        gpu_max: 'temperature_threshold_gpu_max_celsius',
        memory_max: 'temperature_threshold_memory_max_celsius',
        shutdown: 'temperature_threshold_shutdown_celsius',
        slowdown: 'temperature_threshold_slowdown_celsius',
      }),
      { needs: 'boards that state no offsets instead (gpu_temperature_limit_offset_celsius)' },
    ),
    ofGpu.gauge(
      'gpu_temperature_limit_offset_celsius',
      'Thresholds of boards that state them as margins to the limit instead of temperatures',
      ofGpu.by('threshold', {
        gpu_max: 'temperature_limit_offset_gpu_max_celsius',
        memory_max: 'temperature_limit_offset_memory_max_celsius',
        shutdown: 'temperature_limit_offset_shutdown_celsius',
        slowdown: 'temperature_limit_offset_slowdown_celsius',
      }),
      { needs: 'data-centre boards of Ada, Hopper and newer' },
    ),
  ]),
  ...familiesOf(fans, [
    ofFan.gauge(
      'gpu_fan_speed_ratio',
      'Speed the fan is meant to have, over its maximum; may exceed 1',
      'speed_ratio',
      { needs: 'boards with fans' },
    ),
    ofFan.gauge(
      'gpu_fan_target_speed_ratio',
      'Speed the fan is driven towards, over its maximum',
      'target_speed_ratio',
      { optIn: true, needs: 'boards with fans; drivers 520 and newer' },
    ),
    ofFan.gauge('gpu_fan_speed_rpm', 'Revolutions per minute of the fan, as measured', 'speed_rpm', {
      optIn: true,
      needs: 'boards with fans; drivers 570 and newer',
    }),
  ]),
];

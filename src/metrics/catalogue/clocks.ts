import { familiesOf } from '../family.js';
import { bitsOf, readingSeries, readingsBy } from '../reading.js';
import { gpus } from '../subjects.js';

/** Clocks, performance state, and what holds clocks down. */
export const clocks = familiesOf(gpus, [
  {
    name: 'gpu_clock_hertz',
    type: 'gauge',
    help: 'Current clock',
    origin: 'nvmlDeviceGetClockInfo',
    labelNames: ['domain'],
    series: readingsBy('domain', {
      graphics: 'clock_graphics_hertz',
      memory: 'clock_memory_hertz',
      sm: 'clock_sm_hertz',
      video: 'clock_video_hertz',
    }),
  },
  {
    name: 'gpu_clock_max_hertz',
    type: 'gauge',
    help: 'Highest clock the board can run at',
    origin: 'nvmlDeviceGetMaxClockInfo',
    labelNames: ['domain'],
    series: readingsBy('domain', {
      graphics: 'clock_graphics_max_hertz',
      memory: 'clock_memory_max_hertz',
      sm: 'clock_sm_max_hertz',
      video: 'clock_video_max_hertz',
    }),
  },
  {
    name: 'gpu_performance_state',
    type: 'gauge',
    help: 'Performance state: 0 is the fastest, 15 the slowest',
    origin: 'nvmlDeviceGetPerformanceState',
    series: [readingSeries('performance_state')],
  },
  {
    name: 'gpu_clocks_event_active',
    type: 'gauge',
    help: 'What holds the clocks down now, 1 for each active reason; sampled, so short events are missed',
    origin: 'nvmlDeviceGetCurrentClocksEventReasons',
    labelNames: ['reason'],
    series: bitsOf('clocks_event_reasons', 'reason', {
      applications_clocks_setting: 1,
      display_clocks_setting: 8,
      gpu_idle: 0,
      hw_power_brake_slowdown: 7,
      hw_slowdown: 3,
      hw_thermal_slowdown: 6,
      sw_power_cap: 2,
      sw_thermal_slowdown: 5,
      sync_boost: 4,
    }),
  },
  {
    name: 'gpu_clocks_event_seconds_total',
    type: 'counter',
    help: 'Time in which a reason held the clocks down, as the driver counts it',
    origin: 'field ids 74, 76, 269-271 (drivers 575-589: 251-253)',
    labelNames: ['reason'],
    series: readingsBy('reason', {
      hw_power_brake_slowdown: 'clocks_event_hw_power_brake_slowdown_seconds_total',
      hw_thermal_slowdown: 'clocks_event_hw_thermal_slowdown_seconds_total',
      sw_power_cap: 'clocks_event_sw_power_cap_seconds_total',
      sw_thermal_slowdown: 'clocks_event_sw_thermal_slowdown_seconds_total',
      sync_boost: 'clocks_event_sync_boost_seconds_total',
    }),
  },
]);

import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

/** Clocks, performance state, and what holds clocks down. */
export const clocks = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_clock_hertz',
    'Current clock',
    ofGpu.by('domain', {
      graphics: 'clock_graphics_hertz',
      memory: 'clock_memory_hertz',
      sm: 'clock_sm_hertz',
      video: 'clock_video_hertz',
    }),
  ),
  ofGpu.gauge(
    'gpu_clock_max_hertz',
    'Highest clock the board can run at',
    ofGpu.by('domain', {
      graphics: 'clock_graphics_max_hertz',
      memory: 'clock_memory_max_hertz',
      sm: 'clock_sm_max_hertz',
      video: 'clock_video_max_hertz',
    }),
  ),
  ofGpu.gauge(
    'gpu_clock_customer_boost_max_hertz',
    'Highest clock that may be asked for',
    ofGpu.by('domain', {
      graphics: 'clock_graphics_customer_boost_max_hertz',
      memory: 'clock_memory_customer_boost_max_hertz',
      sm: 'clock_sm_customer_boost_max_hertz',
      video: 'clock_video_customer_boost_max_hertz',
    }),
    { optIn: true, needs: 'data-centre boards' },
  ),
  ofGpu.gauge('gpu_performance_state', 'Performance state: 0 is the fastest, 15 the slowest', 'performance_state'),
  ofGpu.gauge(
    'gpu_clocks_event_active',
    'What holds the clocks down now, 1 for each active reason; sampled, so short events are missed',
    ofGpu.bits('clocks_event_reasons', 'reason', {
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
  ),
  ofGpu.counter(
    'gpu_clocks_event_seconds_total',
    'Time in which a reason held the clocks down, as the driver counts it',
    ofGpu.by('reason', {
      hw_power_brake_slowdown: 'clocks_event_hw_power_brake_slowdown_seconds_total',
      hw_thermal_slowdown: 'clocks_event_hw_thermal_slowdown_seconds_total',
      sw_power_cap: 'clocks_event_sw_power_cap_seconds_total',
      sw_thermal_slowdown: 'clocks_event_sw_thermal_slowdown_seconds_total',
      sync_boost: 'clocks_event_sync_boost_seconds_total',
    }),
    {
      origin: 'field ids 74, 76, 269-271 (drivers 575-589: 251-253)',
      needs: 'thermal and power brake reasons: drivers 575 and newer',
    },
  ),
  ofGpu.counter(
    'gpu_performance_violation_seconds_total',
    'Time in which a policy kept performance below what the GPU could do; power and sync_boost are the same counters as sw_power_cap and sync_boost of gpu_clocks_event_seconds_total',
    ofGpu.by('policy', {
      board_limit: 'performance_violation_board_limit_seconds_total',
      low_utilization: 'performance_violation_low_utilization_seconds_total',
      power: 'clocks_event_sw_power_cap_seconds_total',
      reliability: 'performance_violation_reliability_seconds_total',
      sync_boost: 'clocks_event_sync_boost_seconds_total',
      thermal: 'performance_violation_thermal_seconds_total',
      total_app_clocks: 'performance_violation_total_app_clocks_seconds_total',
      total_base_clocks: 'performance_violation_total_base_clocks_seconds_total',
    }),
    { optIn: true },
  ),
]);

/** Families that no scenario has, and why. */
export const NEVER: Readonly<Record<string, string>> = {
  gpu_agent_series_dropped_total: 'no scenario has two parts that say the same of themselves',
  gpu_driver_loaded_seconds_total: 'drivers 610 and newer, which are not simulated',
  gpu_mma_stall_ratio: 'drivers 610 and newer, which are not simulated',
  gpu_nvlink_retransmitted_blocks_total: 'drivers 595 and newer, which are not simulated',
  gpu_nvlink_transmitted_blocks_total: 'drivers 595 and newer, which are not simulated',
  gpu_pipe_active_cycles_total: 'drivers 595 and newer, which are not simulated',
  gpu_remapped_rows_inactive: 'drivers 595 and newer, which are not simulated',
  gpu_sm_active_cycles_total: 'drivers 595 and newer, which are not simulated',
  gpu_sm_elapsed_cycles_total: 'drivers 595 and newer, which are not simulated',
  gpu_tensor_active_cycles_total: 'drivers 595 and newer, which are not simulated',
};

/** Families that are there on every node, also where nobody looks at anything: what the agent says of itself. */
export const ALWAYS: readonly string[] = [
  'gpu_agent_build_info',
  'gpu_agent_collector_enabled',
  'gpu_agent_events_dropped_total',
  'gpu_agent_nvml_inflight_calls',
  'gpu_agent_nvml_info',
  'gpu_agent_nvml_stuck_calls',
  'gpu_agent_sampler_processes',
  'gpu_agent_sampler_restarts_total',
  'gpu_agent_series',
  'gpu_agent_snapshot_age_seconds',
  'gpu_agent_start_time_seconds',
  // A simulated node says at least that it is one.
  'gpu_health_finding',
  'gpu_health_findings_total',
  'gpu_node_health_status',
];

import type { ReadingId } from '../native/readings.generated.js';

/** Readings of a GPU that no family shows, and why. The API has them all. */
export const WITHOUT_METRIC: Readonly<Partial<Record<ReadingId, string>>> = {
  cuda_cores: 'a constant of the model; gpu_partition_sm_limit_ratio is made with it',
  supported_event_types: 'a mask that says which driver events are listened to; no number to watch',
  mig_devices: 'gpu_mig_instances counts them by profile; here it is said why they cannot be seen',
  mig_devices_max: 'gpu_mig_profile_capacity says it for each profile',
  process_utilization_samples: 'only says that there are samples; gpu_workload_utilization_ratio is made of them',
};

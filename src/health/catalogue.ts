import { driverStalled, slowCall, stuckCall } from './driver-calls.js';
import { driverMissing, libraryMismatch, simulatedNode } from './driver-state.js';
import { leftOutInDoubt } from './gpu-in-doubt.js';
import { gpuLost } from './gpu-lost.js';
import { gpuMissing } from './gpu-missing.js';
import { gpusUnread } from './gpus-unread.js';
import type { Rule } from './rule.js';
import { samplerLimit } from './sampler-limit.js';
import { samplerUnavailable } from './sampler-unavailable.js';
import { usageFileRefused } from './usage-files.js';

/** All rules. The key is the code of the findings a rule gives; a code is never used twice. */
export const RULES: Readonly<Record<string, Rule>> = {
  driver_stalled: driverStalled,
  gpu_call_stuck: stuckCall,
  gpu_call_slow: slowCall,
  gpu_lost: gpuLost,
  gpu_missing: gpuMissing,
  gpu_left_out_in_doubt: leftOutInDoubt,
  gpus_unread: gpusUnread,
  driver_library_mismatch: libraryMismatch,
  driver_missing: driverMissing,
  sampler_unavailable: samplerUnavailable,
  sampler_limit_reached: samplerLimit,
  usage_file_refused: usageFileRefused,
  simulated_node: simulatedNode,
};

import type { Rule } from './rule.js';
import { driverStalled, slowCall, stuckCall } from './rules/driver-calls.js';
import { driverMissing, libraryMismatch, simulatedNode } from './rules/driver-state.js';
import { leftOutInDoubt } from './rules/gpu-in-doubt.js';
import { gpuLost } from './rules/gpu-lost.js';
import { gpuMissing } from './rules/gpu-missing.js';
import { gpusUnread } from './rules/gpus-unread.js';
import { samplerLimit } from './rules/sampler-limit.js';
import { samplerUnavailable } from './rules/sampler-unavailable.js';
import { nvswitchFault } from './rules/switch-faults.js';
import { usageFileRefused } from './rules/usage-files.js';
import { xids } from './rules/xids.js';

/** One chapter of docs/findings.md. */
export interface Chapter {
  readonly title: string;
  readonly rules: readonly Rule[];
}

/** All rules by subject. A new rule needs its file and one line here. */
export const CATALOGUE: readonly Chapter[] = [
  { title: 'Driver', rules: [driverStalled, stuckCall, slowCall, libraryMismatch, driverMissing] },
  { title: 'GPUs of the node', rules: [gpuLost, gpuMissing, leftOutInDoubt, gpusUnread] },
  { title: 'XIDs and SXids', rules: [xids, nvswitchFault] },
  { title: 'Agent', rules: [samplerUnavailable, samplerLimit, usageFileRefused, simulatedNode] },
];

/** All rules in the order of the chapters. */
export const RULES: readonly Rule[] = CATALOGUE.flatMap(({ rules }) => rules);

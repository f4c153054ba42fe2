import type { Rule } from './rule.js';

/** `gpus_unread`: the driver has more GPUs than a sampler reads. */
export const gpusUnread: Rule = ({ driver: { gpuCount, gpusUnread: unread } }) => {
  if (unread === undefined || gpuCount === undefined) return [];
  return [
    {
      code: 'gpus_unread',
      severity: 'warning',
      subject: { kind: 'node', id: 'driver' },
      reason: `The driver counts ${gpuCount} GPUs and only the first ${gpuCount - unread} of them are read: of the other ${unread} there are no readings, processes or findings.`,
      evidence: { gpus_counted: gpuCount, gpus_read: gpuCount - unread, gpus_unread: unread },
      action: 'none',
      nextStep:
        'No setting raises the limit. If the node has fewer GPUs than that, the library is not to be believed: see driver.libraryPath.',
    },
  ];
};

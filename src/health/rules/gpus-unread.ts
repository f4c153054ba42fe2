import { rule } from '../rule.js';

/** `gpus_unread`: the driver has more GPUs than a sampler reads. */
export const gpusUnread = rule({
  code: 'gpus_unread',
  title: 'More GPUs than can be read',
  raised: 'The driver counts more GPUs than a sampler reads.',
  cleared: 'It counts fewer.',
  source: 'nvmlDeviceGetCount_v2',
  severities: ['warning'],
  actions: ['none'],
  look: ({ driver: { gpuCount, gpusUnread: unread } }) => {
    if (unread === undefined || gpuCount === undefined) return [];
    return [
      {
        severity: 'warning',
        subject: { kind: 'node', id: 'driver' },
        reason: `The driver counts ${gpuCount} GPUs and only the first ${gpuCount - unread} of them are read: of the other ${unread} there are no readings, processes or findings.`,
        evidence: { gpus_counted: gpuCount, gpus_read: gpuCount - unread, gpus_unread: unread },
        action: 'none',
        nextStep:
          'No setting raises the limit. If the node has fewer GPUs than that, the library is not to be believed: see driver.libraryPath.',
      },
    ];
  },
});

import type { Share } from '../../model/partition.js';
import { familiesOf, flag } from '../family.js';
import { shares as rows } from '../subjects.js';

/** What is reported and is none of the named kinds; undefined when the claims contradict each other. */
function restBytes({ reportedBytes, contextBytes, moduleBytes, bufferBytes }: Share): number | undefined {
  if (
    reportedBytes === undefined ||
    contextBytes === undefined ||
    moduleBytes === undefined ||
    bufferBytes === undefined
  ) {
    return undefined;
  }
  const rest = reportedBytes - contextBytes - moduleBytes - bufferBytes;
  return rest < 0 ? undefined : rest;
}

/** HAMi shares: the container's claim stands beside what the driver says. */
export const shares = familiesOf(rows, [
  {
    name: 'gpu_share_memory_reported_bytes',
    type: 'gauge',
    help: 'Memory in use as the container claims it; a container can write anything here',
    origin: 'HAMi usage file',
    series: [{ value: ({ share }) => share.reportedBytes }],
  },
  {
    name: 'gpu_share_memory_actual_bytes',
    type: 'gauge',
    help: "Memory in use as the driver lists it for the container's processes",
    origin: 'NVML process lists',
    series: [{ value: ({ share }) => share.actualBytes }],
  },
  {
    name: 'gpu_share_memory_kind_bytes',
    type: 'gauge',
    help: 'Memory in use by kind as the container claims it',
    origin: 'HAMi usage file',
    labelNames: ['kind'],
    series: [
      { labels: { kind: 'buffer' }, value: ({ share }) => share.bufferBytes },
      { labels: { kind: 'context' }, value: ({ share }) => share.contextBytes },
      { labels: { kind: 'module' }, value: ({ share }) => share.moduleBytes },
      { labels: { kind: 'rest' }, value: ({ share }) => restBytes(share) },
    ],
  },
  {
    name: 'gpu_share_priority',
    type: 'gauge',
    help: 'Priority of the container: 0 is high, 1 low',
    origin: 'HAMi usage file',
    series: [{ value: ({ share }) => share.priority }],
  },
  {
    name: 'gpu_share_blocked',
    type: 'gauge',
    help: "Whether the container's kernels are held back in favour of another container",
    origin: 'HAMi usage file',
    series: [{ value: ({ share }) => flag(share.blocked) }],
  },
  {
    name: 'gpu_share_last_kernel_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the container last launched a kernel, as it claims',
    origin: 'HAMi usage file',
    series: [{ value: ({ share }) => share.lastKernelUnixSeconds }],
  },
]);

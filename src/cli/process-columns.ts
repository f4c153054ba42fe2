import type { ProcessOnGpu } from '../model/gpu-process.js';
import { bytesText, percentText, spanText, UNKNOWN } from '../model/quantity.js';
import type { Column } from './table.js';

/** Columns of a list of processes; `nowUnixSeconds` is what their ages are counted to. */
export function processColumns(nowUnixSeconds: number, rows: readonly ProcessOnGpu[]): Column<ProcessOnGpu>[] {
  const mig = rows.some(({ gpuInstance }) => gpuInstance !== undefined);
  return [
    { title: 'GPU', align: 'right', cell: ({ gpuIndex, pciBusId }) => String(gpuIndex ?? pciBusId ?? UNKNOWN) },
    ...(mig ? [MIG_COLUMN] : []),
    { title: 'PID', align: 'right', cell: ({ pid }) => String(pid) },
    { title: 'NAME', cell: ({ name }) => name ?? UNKNOWN, dropOrder: 1 },
    { title: 'TYPE', cell: ({ types }) => types.join('+'), dropOrder: 3 },
    { title: 'MEMORY', align: 'right', cell: ({ usedMemoryBytes }) => bytesText(usedMemoryBytes) },
    { title: 'SM', align: 'right', cell: ({ smRatio }) => percentText(smRatio), dropOrder: 2 },
    {
      title: 'SAMPLED',
      align: 'right',
      cell: ({ use }) => (use === undefined ? UNKNOWN : `${spanText(nowUnixSeconds - use.sampledUnixSeconds)} ago`),
      dropOrder: 6,
    },
    {
      title: 'UP',
      align: 'right',
      cell: ({ startedUnixSeconds: at }) => spanText(at === undefined ? undefined : nowUnixSeconds - at),
      dropOrder: 4,
    },
    {
      title: 'BELONGS TO',
      cell: ({ workload }) => (workload === undefined ? UNKNOWN : `${workload.kind} ${workload.name}`),
      shrinkTo: 16,
    },
    { title: 'NAMED BY', cell: ({ workload }) => workload?.namedBy ?? UNKNOWN, dropOrder: 5 },
  ];
}

const MIG_COLUMN: Column<ProcessOnGpu> = {
  title: 'GI/CI',
  align: 'right',
  cell: ({ gpuInstance, computeInstance }) =>
    gpuInstance === undefined ? UNKNOWN : `${gpuInstance}/${computeInstance ?? '?'}`,
};

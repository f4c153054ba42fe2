import type { GpuView, NodeView, PartitionView } from '../http/documents/node.js';
import { usersOf } from '../model/gpu-users.js';
import { areInstancesKnown, isInMigMode } from '../model/mig-tree.js';
import { HIDDEN_GUESTS, holdersText } from '../model/partition-holders.js';
import { hidesGuests } from '../model/process-lists.js';
import { bytesText, percentText, roundedText, UNKNOWN, usedOfText } from '../model/quantity.js';
import { shortName } from './gpu-facts.js';
import type { Paint } from './paint.js';
import type { Column } from './table.js';

/** Colour of a condition: only `up` is good, and what somebody asked for is no fault. */
function conditionColour({ condition }: GpuView, paint: Paint): (text: string) => string {
  if (condition === 'up') return paint.good;
  if (condition === 'attaching' || condition === 'excluded' || condition === 'probing') return paint.warning;
  return paint.bad;
}

function powerText({ readings }: GpuView): string {
  const limit = readings.power_limit_enforced_watts;
  const watts = readings.power_watts;
  if (watts === undefined) return UNKNOWN;
  return limit === undefined ? roundedText(watts, 'W') : `${Math.round(watts)} / ${roundedText(limit, 'W')}`;
}

/** Only where some GPU is in MIG mode. */
const MIG_COLUMN: Column<GpuView> = {
  title: 'MIG',
  align: 'right',
  // A GPU in MIG mode that has none is another thing than one without MIG.
  cell: (gpu) => (!isInMigMode(gpu) ? UNKNOWN : areInstancesKnown(gpu) ? String(gpu.migInstances.length) : '?'),
  dropOrder: 5,
};

/** Columns of a list of GPUs. */
export function gpuColumns(node: NodeView): Column<GpuView>[] {
  return [
    { title: 'GPU', align: 'right', cell: ({ index }) => String(index) },
    { title: 'NAME', cell: (gpu) => shortName(gpu) ?? UNKNOWN, shrinkTo: 10, dropOrder: 2 },
    { title: 'CONDITION', cell: ({ condition }) => condition, colour: conditionColour },
    { title: 'UTIL', align: 'right', cell: ({ readings }) => percentText(readings.utilization_ratio) },
    {
      title: 'MEMORY',
      align: 'right',
      cell: ({ readings }) => usedOfText(readings.memory_used_bytes, readings.memory_total_bytes),
    },
    { title: 'POWER', align: 'right', cell: powerText, dropOrder: 3 },
    {
      title: 'TEMP',
      align: 'right',
      cell: ({ readings }) => roundedText(readings.temperature_celsius, '°C'),
      dropOrder: 4,
    },
    ...(node.gpus.some(isInMigMode) ? [MIG_COLUMN] : []),
    { title: 'USED BY', cell: (gpu) => usersText(node, gpu), shrinkTo: 10, dropOrder: 1 },
  ];
}

function usersText(node: NodeView, gpu: GpuView): string {
  const users = usersOf(node, gpu);
  return [...users, ...(hidesGuests(gpu) ? [HIDDEN_GUESTS] : [])].join(', ') || UNKNOWN;
}

/** Columns of a list of partitions. */
export function partitionColumns(node: NodeView): Column<PartitionView>[] {
  return [
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'GPU', align: 'right', cell: ({ gpuIndex, pciBusId }) => String(gpuIndex ?? pciBusId ?? UNKNOWN) },
    { title: 'PROFILE', cell: ({ profile }) => profile ?? UNKNOWN, dropOrder: 2 },
    {
      title: 'MEMORY',
      align: 'right',
      cell: ({ memoryUsedBytes, memoryTotalBytes }) => usedOfText(memoryUsedBytes, memoryTotalBytes),
    },
    { title: 'SM LIMIT', align: 'right', cell: ({ smLimitRatio }) => percentText(smLimitRatio), dropOrder: 3 },
    { title: 'UTIL', align: 'right', cell: ({ utilizationRatio }) => percentText(utilizationRatio), dropOrder: 4 },
    { title: 'HELD BY', cell: (partition) => holdersText(partition, node), shrinkTo: 12 },
    { title: 'ID', cell: ({ id }) => id, shrinkTo: 12, dropOrder: 5 },
  ];
}

/** Columns of a list of HAMi shares: what the container claims beside what the driver says. */
export function shareColumns(node: NodeView): Column<PartitionView>[] {
  return [
    { title: 'GPU', align: 'right', cell: ({ gpuIndex }) => String(gpuIndex ?? UNKNOWN) },
    { title: 'HELD BY', cell: (partition) => holdersText(partition, node), shrinkTo: 12 },
    { title: 'LIMIT', align: 'right', cell: ({ memoryTotalBytes }) => bytesText(memoryTotalBytes) },
    { title: 'REPORTED', align: 'right', cell: ({ share }) => bytesText(share?.reportedBytes) },
    {
      title: 'ACTUAL',
      align: 'right',
      cell: ({ share }) => bytesText(share?.actualBytes),
      colour: (partition, paint) => (isOverLimit(partition) ? paint.bad : (text) => text),
    },
    { title: 'SM LIMIT', align: 'right', cell: ({ smLimitRatio }) => percentText(smLimitRatio), dropOrder: 1 },
    { title: 'UTIL', align: 'right', cell: ({ utilizationRatio }) => percentText(utilizationRatio), dropOrder: 2 },
    { title: 'PRIORITY', align: 'right', cell: ({ share }) => String(share?.priority ?? UNKNOWN), dropOrder: 4 },
    { title: 'BLOCKED', cell: ({ share }) => (share?.blocked === true ? 'yes' : 'no'), dropOrder: 3 },
  ];
}

function isOverLimit({ memoryTotalBytes, share }: PartitionView): boolean {
  return memoryTotalBytes !== undefined && share?.actualBytes !== undefined && share.actualBytes > memoryTotalBytes;
}

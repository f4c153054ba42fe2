import { migTreeOf } from '../http/documents/gpu-in-full.js';
import type { GpuView, NodeView } from '../http/documents/node.js';
import { absenceText } from '../model/absence.js';
import { areInstancesKnown, isInMigMode, noInstancesText } from '../model/mig-tree.js';
import { holdersText } from '../model/partition-holders.js';
import { bytesText, percentText, UNKNOWN, usedOfText } from '../model/quantity.js';
import { migDrawing } from './mig-drawing.js';
import type { Paint } from './paint.js';
import { type Column, table } from './table.js';
import { wrap } from './text.js';

type Instance = GpuView['migInstances'][number];
type Profile = GpuView['migProfiles'][number];

/** A GPU instance, or a compute instance in one. */
interface Row {
  readonly label: string;
  readonly profile: string | undefined;
  readonly place: string;
  /** Undefined for a GPU instance. */
  readonly instance: Instance | undefined;
}

/** How a GPU is divided by MIG: a drawing, the tree, and what would still fit. Undefined = it is not in MIG mode. */
export function migLines(
  gpu: GpuView,
  node: NodeView,
  columns: number | undefined,
  paint: Paint,
): string[] | undefined {
  if (!isInMigMode(gpu)) return undefined;
  const tree = migTreeOf(gpu);
  const rows = tree.gpuInstances.flatMap(({ id, profile, placementStart, placementSize, computeInstances }): Row[] => [
    { label: `GI ${id ?? '?'}`, profile, place: placeText(placementStart, placementSize), instance: undefined },
    ...computeInstances.map((instance, index) => ({
      label: `${index === computeInstances.length - 1 ? '└─' : '├─'} CI ${instance.computeInstance ?? '?'}`,
      profile: instance.profile,
      place: '',
      instance,
    })),
  ]);
  const full = gpu.migProfiles.length > 0 && gpu.migProfiles.every(({ available }) => available === 0);
  // Of instances that are not shown nobody can say that their slices are free.
  const drawing = areInstancesKnown(gpu) ? migDrawing(tree, columns, paint, full) : [];
  const unplaced = gpu.migInstances.map(({ absent }) => absent.placement_start).find((reason) => reason !== undefined);
  const why =
    unplaced === undefined
      ? []
      : wrap(`Places are not known: ${absenceText(unplaced)}.`, columns ?? 100).map(paint.dim);
  return [
    ...(drawing.length === 0 ? why : [...drawing, ...why]),
    ...(rows.length === 0
      ? wrap(noInstancesText(gpu), columns ?? 100)
      : ['', ...table(treeColumns(node), rows, columns, paint)]),
    ...(gpu.migProfiles.length === 0 ? [] : ['', ...table(PROFILE_COLUMNS, gpu.migProfiles, columns, paint)]),
    ...(gpu.migProfiles.length > 0 && gpu.migProfiles.every(({ available }) => available === undefined)
      ? [paint.dim('How many fit now is told to root only.')]
      : []),
  ];
}

function placeText(start: number | undefined, size: number | undefined): string {
  if (start === undefined || size === undefined) return UNKNOWN;
  return size === 1 ? String(start) : `${start}–${start + size - 1}`;
}

function treeColumns(node: NodeView): Column<Row>[] {
  const of = (cell: (instance: Instance) => string) => (row: Row) =>
    row.instance === undefined ? '' : cell(row.instance);
  return [
    { title: 'INSTANCE', cell: ({ label }) => label },
    { title: 'PROFILE', cell: ({ profile }) => profile ?? UNKNOWN },
    { title: 'SLICES', cell: ({ place }) => place, dropOrder: 4 },
    {
      title: 'SMS',
      align: 'right',
      cell: of(({ readings }) => String(readings.multiprocessors ?? UNKNOWN)),
      dropOrder: 3,
    },
    {
      title: 'MEMORY',
      align: 'right',
      cell: of(({ readings }) => usedOfText(readings.memory_used_bytes, readings.memory_total_bytes)),
    },
    {
      title: 'ACTIVE',
      align: 'right',
      cell: of(({ readings }) => percentText(readings.graphics_activity_ratio)),
      dropOrder: 2,
    },
    {
      title: 'ECC',
      align: 'right',
      cell: of(({ readings }) => String(readings.ecc_uncorrected_total ?? UNKNOWN)),
      colour: ({ instance }, paint) =>
        (instance?.readings.ecc_uncorrected_total ?? 0) > 0 ? paint.warning : (same) => same,
      dropOrder: 5,
    },
    { title: 'HELD BY', cell: of((instance) => holderOf(instance, node)), shrinkTo: 12 },
    { title: 'ID', cell: of(({ uuid }) => uuid), shrinkTo: 12, dropOrder: 6 },
  ];
}

function holderOf({ uuid }: Instance, node: NodeView): string {
  const partition = node.partitions.find(({ id }) => id === uuid);
  return partition === undefined ? UNKNOWN : holdersText(partition, node);
}

const PROFILE_COLUMNS: readonly Column<Profile>[] = [
  { title: 'MIG PROFILE', cell: ({ name, id }) => name ?? `profile ${id}` },
  { title: 'COMPUTE SLICES', align: 'right', cell: ({ slices }) => String(slices), dropOrder: 2 },
  { title: 'SMS', align: 'right', cell: ({ multiprocessors }) => String(multiprocessors), dropOrder: 1 },
  { title: 'MEMORY', align: 'right', cell: ({ memoryBytes }) => bytesText(memoryBytes) },
  { title: 'FIT ON EMPTY', align: 'right', cell: ({ capacity }) => String(capacity) },
  {
    title: 'FIT NOW',
    align: 'right',
    cell: ({ available }) => String(available ?? UNKNOWN),
    colour: ({ available }, paint) => ((available ?? 0) > 0 ? paint.good : (same) => same),
  },
];

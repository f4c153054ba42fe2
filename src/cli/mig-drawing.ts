import type { MigGpuInstance, MigTree } from '../model/mig-tree.js';
import type { Paint } from './paint.js';
import { truncate, visible, width } from './text.js';

/** Columns of one memory slice: wide enough for a profile's name, narrow enough for eight on 80 columns. */
const WIDEST_SLICE = 12;
const NARROWEST_SLICE = 4;
const INDENT = '  ';

interface Segment {
  readonly start: number;
  readonly size: number;
  /** Undefined where nothing is. */
  readonly instance: MigGpuInstance<unknown> | undefined;
}

/**
 * The memory slices of a GPU with the GPU instances on them, as lines; none where the places are not known. Instances
 * whose place is not known are left out of it. `full`: nothing would fit into what is not taken.
 */
export function migDrawing(
  { memorySlices, gpuInstances }: MigTree<unknown>,
  columns: number | undefined,
  paint: Paint,
  full = false,
): string[] {
  if (memorySlices === undefined || memorySlices === 0) return [];
  const segments = segmentsOf(memorySlices, gpuInstances);
  if (segments === undefined) return [];
  const room = (columns ?? 100) - INDENT.length - 1;
  const slice = Math.max(NARROWEST_SLICE, Math.min(WIDEST_SLICE, Math.floor(room / memorySlices)));
  const line = (textOf: (segment: Segment) => string, colour: (segment: Segment) => (text: string) => string) =>
    `${INDENT}${segments.map((one) => `│${colour(one)(cell(textOf(one), one.size * slice - 1))}`).join('')}│`;
  const usual = ({ instance }: Segment) => (instance === undefined ? paint.dim : paint.bold);
  const numbers = Array.from({ length: memorySlices }, (_, number) => cell(` ${number}`, slice)).join('');
  return [
    paint.dim(`${INDENT}${numbers}`.trimEnd()),
    line(
      ({ instance }) => ` ${instance === undefined ? (full ? 'unused' : 'free') : (instance.profile ?? 'instance')}`,
      usual,
    ),
    line(({ instance }) => (instance?.id === undefined ? '' : ` GI ${instance.id}`), usual),
  ];
}

function cell(text: string, columns: number): string {
  const cut = truncate(visible(text), columns);
  return cut + ' '.repeat(Math.max(0, columns - width(cut)));
}

/** Undefined when instances claim the same place: then nothing of it can be believed. */
function segmentsOf(
  memorySlices: number,
  gpuInstances: readonly MigGpuInstance<unknown>[],
): readonly Segment[] | undefined {
  const segments: Segment[] = [];
  let next = 0;
  const free = (until: number) => {
    for (; next < until; next += 1) segments.push({ start: next, size: 1, instance: undefined });
  };
  let placed = 0;
  for (const instance of gpuInstances) {
    const { placementStart: start, placementSize: size } = instance;
    if (start === undefined || size === undefined || size === 0) continue;
    if (start < next) return undefined;
    free(start);
    segments.push({ start, size, instance });
    next = start + size;
    placed += 1;
  }
  free(memorySlices);
  return placed === 0 && gpuInstances.length > 0 ? undefined : segments;
}

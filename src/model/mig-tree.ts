import { absenceText } from './absence.js';
import { type AbsenceReason, type AnyReadings, readingOf } from './readings.js';

/** As much of a MIG instance as places it; documents and the model both fit. */
export interface PlacedInstance {
  readonly uuid: string;
  readonly gpuInstance?: number | undefined;
  readonly computeInstance?: number | undefined;
  readonly profile?: string | undefined;
}

/** How an instance is cut, of its readings: undefined = not known. */
export interface Cut {
  readonly start: number | undefined;
  readonly size: number | undefined;
  readonly gpuSlices: number | undefined;
  readonly computeSlices: number | undefined;
}

/** A GPU instance: a piece of the GPU with memory of its own. */
export interface MigGpuInstance<Instance> {
  /** Undefined when the driver does not say which GPU instance its compute instances are in. */
  readonly id: number | undefined;
  /** Profile such as `3g.40gb`; undefined where the names of its compute instances do not tell. */
  readonly profile: string | undefined;
  /** First memory slice, and how many. Undefined when the driver does not tell (it tells root). */
  readonly placementStart: number | undefined;
  readonly placementSize: number | undefined;
  /** Compute slices. */
  readonly slices: number | undefined;
  /** Its compute instances, by id. */
  readonly computeInstances: readonly Instance[];
}

/** Whether a GPU is divided by MIG, or waits to be. Without instances it can run nothing. */
export function isInMigMode(gpu: {
  readonly migInstances: readonly unknown[];
  readonly readings: AnyReadings;
}): boolean {
  return gpu.migInstances.length > 0 || readingOf(gpu.readings, 'mig_mode_enabled') === 1;
}

/** A GPU in MIG mode with whatever is known of its instances. */
interface Divided {
  readonly migInstances: readonly unknown[];
  readonly readings: AnyReadings;
  readonly absent: Readonly<Record<string, AbsenceReason>>;
}

/** Whether it is known which instances a GPU in MIG mode has: the driver may tell them to root only. */
export function areInstancesKnown({ migInstances, readings }: Pick<Divided, 'migInstances' | 'readings'>): boolean {
  return migInstances.length > 0 || readingOf(readings, 'mig_devices') !== undefined;
}

/** What there is to say of a GPU in MIG mode that shows no instance: that it has none, or why nobody can tell. */
export function noInstancesText(gpu: Divided): string {
  if (areInstancesKnown(gpu)) return 'No GPU instances: MIG mode is on and nothing can run.';
  const why = absenceText(gpu.absent.mig_devices ?? 'gpu_not_read');
  return `MIG mode is on, and which instances there are is not known: ${why}.`;
}

/** How a GPU is divided by MIG. */
export interface MigTree<Instance> {
  /** Memory slices of the whole GPU, the places of placements; undefined while no profile tells how many there are. */
  readonly memorySlices: number | undefined;
  /** By place; those whose place is not known last, by id. */
  readonly gpuInstances: readonly MigGpuInstance<Instance>[];
}

/**
 * The tree of GPU instances and compute instances. `cutOf` reads how an instance is cut; `profileSlices` are the compute
 * slices of the profiles the GPU offers.
 */
export function migTree<Instance extends PlacedInstance>(
  instances: readonly Instance[],
  cutOf: (instance: Instance) => Cut,
  profileSlices: readonly number[],
): MigTree<Instance> {
  const groups = new Map<string, [Instance, ...Instance[]]>();
  for (const instance of instances) {
    // Without an id nobody knows who is in whose: each stands for itself.
    const key = instance.gpuInstance === undefined ? `? ${instance.uuid}` : String(instance.gpuInstance);
    const same = groups.get(key);
    if (same === undefined) groups.set(key, [instance]);
    else same.push(instance);
  }
  const gpuInstances = [...groups.values()].map((same) => gpuInstanceOf(same, cutOf)).sort(byPlace);
  return { memorySlices: memorySlicesOf(profileSlices, gpuInstances), gpuInstances };
}

function gpuInstanceOf<Instance extends PlacedInstance>(
  same: readonly [Instance, ...Instance[]],
  cutOf: (instance: Instance) => Cut,
): MigGpuInstance<Instance> {
  const [first] = same;
  const { start, size, gpuSlices } = cutOf(first);
  return {
    id: first.gpuInstance,
    profile: profileOf(first),
    placementStart: start,
    placementSize: size,
    slices: gpuSlices,
    computeInstances: [...same].sort((a, b) => (a.computeInstance ?? 0) - (b.computeInstance ?? 0)),
  };
}

/** `1c.3g.40gb` is a compute instance with one of the slices of a `3g.40gb`. */
function profileOf({ profile }: PlacedInstance): string | undefined {
  return profile?.replace(/^\d+c\./, '');
}

function byPlace(a: MigGpuInstance<unknown>, b: MigGpuInstance<unknown>): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (a.placementStart ?? last) - (b.placementStart ?? last) || (a.id ?? last) - (b.id ?? last);
}

/**
 * Memory slices of a GPU by the compute slices of its largest profile: GPUs with 7 compute slices have 8 memory slices,
 * the others as many as compute slices (NVIDIA MIG User Guide, "Supported MIG Profiles"). A placement beyond that makes
 * it more.
 */
function memorySlicesOf(
  profileSlices: readonly number[],
  gpuInstances: readonly MigGpuInstance<unknown>[],
): number | undefined {
  if (profileSlices.length === 0) return undefined;
  const largest = Math.max(...profileSlices);
  const ends = gpuInstances.map(({ placementStart = 0, placementSize = 0 }) => placementStart + placementSize);
  return Math.max(largest === 7 ? 8 : largest, ...ends);
}

import type { Gpu } from './gpu.js';
import type { PciFunction } from './pci.js';

/** What one GPU was when it was well: what is missed when it is gone, and what it is compared with. */
export interface BaselineGpu {
  readonly uuid: string;
  /** Where it was seen last, sysfs form. */
  readonly busId: string | undefined;
  readonly serial: string | undefined;
  readonly name: string | undefined;
  /** Widest link it was seen with. */
  readonly linkWidthLanes: number | undefined;
  /** Highest generation card and slot agreed on. */
  readonly linkGenerationMax: number | undefined;
  /** Sizes of its windows by line of `resource`, bytes. */
  readonly barSizesBytes: Readonly<Record<string, number>>;
  /** NVLinks it had. */
  readonly nvlinks: number | undefined;
  readonly firstSeenUnixSeconds: number;
}

/** All GPUs this node is known to have had, by UUID. */
export interface Baseline {
  readonly gpus: readonly BaselineGpu[];
  /** Why it is not kept between starts; undefined while it is. */
  readonly notKept: string | undefined;
}

/** A GPU as it is seen now, as far as a baseline compares. */
export type Sighting = Omit<BaselineGpu, 'firstSeenUnixSeconds'>;

/** The better of what was known and what is seen: a baseline is what the card can do, not what it did last. */
function best(known: number | undefined, seen: number | undefined): number | undefined {
  return known === undefined || seen === undefined ? (seen ?? known) : Math.max(known, seen);
}

function learned(known: BaselineGpu, seen: Sighting): BaselineGpu {
  return {
    uuid: known.uuid,
    busId: seen.busId ?? known.busId,
    serial: seen.serial ?? known.serial,
    name: seen.name ?? known.name,
    linkWidthLanes: best(known.linkWidthLanes, seen.linkWidthLanes),
    linkGenerationMax: best(known.linkGenerationMax, seen.linkGenerationMax),
    barSizesBytes: { ...known.barSizesBytes, ...seen.barSizesBytes },
    nvlinks: best(known.nvlinks, seen.nvlinks),
    firstSeenUnixSeconds: known.firstSeenUnixSeconds,
  };
}

/**
 * The baseline after another look at the node. A GPU in the slot of one that is nowhere seen has taken its place: the
 * one before is forgotten, since somebody changed the card on purpose. Returns the same list when nothing is new.
 */
export function learn(
  gpus: readonly BaselineGpu[],
  sightings: readonly Sighting[],
  nowUnixSeconds: number,
): readonly BaselineGpu[] {
  const seen = new Map(sightings.map((one) => [one.uuid, one]));
  const taken = new Set(sightings.flatMap(({ busId }) => busId ?? []));
  const stays = gpus.filter(({ uuid, busId }) => seen.has(uuid) || busId === undefined || !taken.has(busId));
  const known = new Set(stays.map(({ uuid }) => uuid));
  const next = [
    ...stays.map((gpu) => {
      const now = seen.get(gpu.uuid);
      return now === undefined ? gpu : learned(gpu, now);
    }),
    ...sightings
      .filter(({ uuid }) => !known.has(uuid))
      .map((one) => ({ ...one, firstSeenUnixSeconds: nowUnixSeconds })),
  ];
  return JSON.stringify(next) === JSON.stringify(gpus) ? gpus : next;
}

/** Without the GPU of this UUID. */
export function forget(gpus: readonly BaselineGpu[], uuid: string): readonly BaselineGpu[] {
  return gpus.filter((gpu) => gpu.uuid !== uuid);
}

/** Why a GPU of the baseline that the driver does not report is not missing: somebody else has it. */
function isGivenAway(gpu: BaselineGpu, pci: readonly PciFunction[]): boolean {
  const driver = pci.find(({ busId }) => busId === gpu.busId)?.driver;
  return driver !== undefined && driver !== 'nvidia';
}

/** GPUs of the baseline that should be here: not those bound to another driver, vfio-pci above all. */
export function expectedOf(baseline: readonly BaselineGpu[], pci: readonly PciFunction[]): readonly BaselineGpu[] {
  return baseline.filter((gpu) => !isGivenAway(gpu, pci));
}

/**
 * Those among them that the driver does not report. None while it has not said of every GPU who it is: the one that
 * seems to be missing may be the one that has not answered yet.
 */
export function missingOf(
  baseline: readonly BaselineGpu[],
  gpus: readonly Gpu[],
  pci: readonly PciFunction[],
): readonly BaselineGpu[] {
  if (gpus.some(({ uuid }) => uuid === undefined)) return [];
  const there = new Set(gpus.map(({ uuid }) => uuid));
  return expectedOf(baseline, pci).filter(({ uuid }) => !there.has(uuid));
}

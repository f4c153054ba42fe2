import type { PciLink } from '../model/pci.js';

/** Giga-transfers per second by generation, as the kernel prints them (`16.0 GT/s PCIe`). */
const GENERATIONS: readonly number[] = [2.5, 5, 8, 16, 32, 64];
/** What a width reads when configuration space reads all ones. */
const ALL_ONES_LANES = 63;

/** Generation of a `…_link_speed` file; undefined for `Unknown` and what no generation is. */
export function generationOf(text: string | undefined): number | undefined {
  const speed = /^([0-9.]+) GT\/s/.exec(text ?? '')?.[1];
  const index = GENERATIONS.indexOf(Number(speed));
  return index < 0 ? undefined : index + 1;
}

/** Lanes of a `…_link_width` file; virtual functions say 0. */
export function lanesOf(text: string | undefined): number | undefined {
  const lanes = Number(text?.trim() || Number.NaN);
  return Number.isInteger(lanes) && lanes > 0 && lanes < ALL_ONES_LANES ? lanes : undefined;
}

/** Whether a width says that the device does not answer. */
export function isGone(width: string | undefined): boolean {
  return Number(width?.trim() || Number.NaN) === ALL_ONES_LANES;
}

/** Texts of the four link files by name. */
export interface LinkFiles {
  readonly current_link_speed: string | undefined;
  readonly max_link_speed: string | undefined;
  readonly current_link_width: string | undefined;
  readonly max_link_width: string | undefined;
}

/** The link they describe; undefined when none of them says anything. */
export function linkOf(files: LinkFiles): PciLink | undefined {
  const link = {
    generation: generationOf(files.current_link_speed),
    generationMax: generationOf(files.max_link_speed),
    widthLanes: lanesOf(files.current_link_width),
    widthLanesMax: lanesOf(files.max_link_width),
  };
  return Object.values(link).every((value) => value === undefined) ? undefined : link;
}

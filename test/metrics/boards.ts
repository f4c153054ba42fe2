import type { Gpu } from '../../src/model/gpu.js';
import type { Partition } from '../../src/model/partition.js';
import type { ReadingId } from '../../src/native/readings.generated.js';
import { ALL_READINGS, c2cLink, fan, gpu, migInstance, nvlink, partition, readings } from './states.js';

/** A GPU of some kind with all that such a board answers, and the partitions it is given away as. */
export interface Board {
  readonly gpu: Gpu;
  readonly partitions: readonly Partition[];
}

/** Everything but what matches: what boards lack is in nvml.md §11. */
function without(...lacking: readonly RegExp[]): Partial<Record<ReadingId, number>> {
  const kept = Object.entries(ALL_READINGS).filter(([id]) => !lacking.some((pattern) => pattern.test(id)));
  return Object.fromEntries(kept);
}

/** Counters of single caches and retired pages: gone since Ampere. */
const BEFORE_AMPERE = /^ecc_.*_(?:l1|l2|register_file|texture|cbu)_(?!.*sram)|^retired_pages/;
const SUPERCHIP = /^c2c|_module_(?:watts|joules)|^platform_/;
const GEFORCE_THRESHOLDS = /^temperature_threshold/;
const CONFIDENTIAL = /^confidential|^dram_encryption/;
const FABRIC_HEALTH = /^fabric_health/;
/** What GPM says: nothing before Hopper. */
const ACTIVITY = /activity|occupancy|cycles/;
const NOT_WITH_MIG =
  /^(?:gpu_)?utilization|_utilization_|^busy|^observed|^remapped|^row_remap_(?:pending|failed)|^nvlink|^process_utilization|^gpm_/;

function whole(present: Gpu): Board {
  const all = partition(present.uuid as string, {
    gpuUuid: present.uuid,
    gpuIndex: present.index,
    memoryTotalBytes: 2,
    memoryUsedBytes: 1,
    utilizationRatio: 0.5,
    allocated: true,
  });
  return { gpu: present, partitions: [all] };
}

/** Links whose state alone is read, as without --collector.nvlink-links. */
const links = (count: number) => Array.from({ length: count }, (_, link) => nvlink(link, { state: 1 }));

const H100 = without(BEFORE_AMPERE, SUPERCHIP, GEFORCE_THRESHOLDS, CONFIDENTIAL, FABRIC_HEALTH);

/** The `index`th H100 of a board with switches. */
export function h100(index: number, more: Partial<Gpu> = {}): Board {
  return whole(gpu(index, { readings: readings({ ...H100, nvlink_links: 18 }), links: links(18), ...more }));
}

/** The `index`th GPU of a GB200 board: fabric with health, chip-to-chip links, NVLink 5. */
export function gb200(index: number): Board {
  const present = without(BEFORE_AMPERE, GEFORCE_THRESHOLDS, CONFIDENTIAL, /^nvlink_.*errors/);
  return whole(
    gpu(index, {
      readings: readings({ ...present, nvlink_links: 18, c2c_links: 2 }),
      links: links(18),
      c2cLinks: [c2cLink(0), c2cLink(1)],
      platformChassisSerial: '1820425190105',
    }),
  );
}

/** A board for people: absolute thresholds, fans, no ECC. */
export function geforce(index: number): Board {
  const present = without(
    /^ecc|^retired|^remapped|^row_remap|_repair_|^memory_unrepairable|_limit_offset_|_margin_|^memory_temperature/,
    /^nvlink|^fabric|^mig|^gpm/,
    ACTIVITY,
    SUPERCHIP,
    CONFIDENTIAL,
  );
  return whole(gpu(index, { readings: readings(present), fans: [fan(0), fan(1), fan(2)] }));
}

/** A GPU in MIG mode with this many instances; those of Ampere have no activity. */
export function divided(index: number, instances: number, architecture: 'ampere' | 'hopper'): Board {
  const parent = without(BEFORE_AMPERE, SUPERCHIP, GEFORCE_THRESHOLDS, CONFIDENTIAL, FABRIC_HEALTH, NOT_WITH_MIG);
  const ofAmpere = Object.entries(parent).filter(([id]) => !ACTIVITY.test(id) && !id.startsWith('fabric'));
  const mig = Array.from({ length: instances }, (_, number) => {
    const one = migInstance(number);
    const known = architecture === 'hopper' ? one.readings : one.readings.only((id) => !ACTIVITY.test(id));
    return { ...one, uuid: `${one.uuid.slice(0, -2)}${index}${number}`, readings: known };
  });
  const present = gpu(index, {
    readings: readings({
      ...(architecture === 'ampere' ? Object.fromEntries(ofAmpere) : parent),
      mig_mode_enabled: 1,
      compute_processes: 0,
    }),
    migInstances: mig,
  });
  const partitions = mig.map(({ uuid, profile, readings: numbers }) =>
    partition(uuid, {
      kind: 'mig',
      migUuid: uuid,
      gpuUuid: present.uuid,
      gpuIndex: index,
      profile,
      memoryTotalBytes: 2,
      memoryUsedBytes: 1,
      smLimitRatio: 0.125,
      utilizationRatio: numbers.get('graphics_activity_ratio'),
      allocated: true,
    }),
  );
  return { gpu: present, partitions };
}

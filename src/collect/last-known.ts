import { NOT_ASKED, readingIndex } from '../model/readings.js';
import type { GpuSnapshot, MigSnapshot } from '../native/addon.js';
import { GPU_STATE } from '../native/member-view.js';
import { MIG_READINGS, type MigReadingId, type ReadingId } from '../native/readings.generated.js';

/**
 * Readings that say who a GPU is and how it is divided. They outlive the moment at which nobody reads it any more: who
 * is lost, released or stuck keeps its name, its device node and its parts.
 */
const KEPT: readonly ReadingId[] = [
  'minor_number',
  'brand',
  'architecture',
  'compute_capability_major',
  'compute_capability_minor',
  'cuda_cores',
  'module_id',
  'numa_node',
  'pci_device_id',
  'pci_subsystem_id',
  'virtualization_mode',
  'platform_slot',
  'platform_tray',
  'platform_host_id',
  'platform_module_id',
  'mig_mode_enabled',
];

/** Positions of the readings that are kept. */
export const KEPT_INDEXES: readonly number[] = KEPT.map(readingIndex);

/** Readings of a MIG instance that say how it is cut, not what it does: kept like those. */
export const MIG_CUT: ReadonlySet<MigReadingId> = new Set([
  'multiprocessors',
  'copy_engines',
  'decoders',
  'encoders',
  'jpeg_engines',
  'ofa_engines',
  'gpu_slices',
  'compute_slices',
  'placement_start',
  'placement_size',
]);

const TEXTS = [
  'uuid',
  'name',
  'serial',
  'pciBusId',
  'vbiosVersion',
  'boardPartNumber',
  'inforomImageVersion',
  'gspFirmwareVersion',
  'platformChassisSerial',
] as const satisfies readonly (keyof GpuSnapshot)[];

/** What the driver last said of each GPU while it answered, by UUID. */
export class LastKnown {
  private readonly byUuid = new Map<string, GpuSnapshot>();
  private readonly uuidAtAddress = new Map<string, string>();

  /**
   * The record with what is known of its GPU from before where it says nothing itself. A record without a UUID, of a
   * GPU that this sampler never looked up, is that of the GPU last seen at its PCI address.
   */
  filled(record: GpuSnapshot): GpuSnapshot {
    if (record.uuid !== '' && record.pciBusId !== '') this.uuidAtAddress.set(record.pciBusId, record.uuid);
    const uuid = record.uuid === '' ? this.uuidAtAddress.get(record.pciBusId) : record.uuid;
    if (uuid === undefined) return record;
    if (record.state === GPU_STATE.up && record.uuid !== '') {
      this.byUuid.set(uuid, record);
      return record;
    }
    const before = this.byUuid.get(uuid);
    return before === undefined ? { ...record, uuid } : completed(record, before);
  }
}

function completed(record: GpuSnapshot, before: GpuSnapshot): GpuSnapshot {
  const values = Float64Array.from(record.values);
  const status = Uint8Array.from(record.status);
  for (const index of KEPT_INDEXES) {
    if (status[index] === 0) continue;
    values[index] = before.values[index] ?? Number.NaN;
    status[index] = before.status[index] ?? NOT_ASKED;
  }
  const texts = Object.fromEntries(TEXTS.map((key) => [key, record[key] === '' ? before[key] : record[key]]));
  const parts =
    record.migInstances.length > 0
      ? undefined
      : { migInstances: before.migInstances.map(onlyItsCut), migProfiles: before.migProfiles };
  return { ...record, ...texts, values, status, ...parts };
}

function onlyItsCut(instance: MigSnapshot): MigSnapshot {
  const status = instance.status.map((code, index) =>
    MIG_CUT.has(MIG_READINGS[index]?.id as MigReadingId) ? code : NOT_ASKED,
  );
  return { ...instance, status };
}

import {
  C2C_LINK_READINGS,
  type C2cLinkReadingId,
  FAN_READINGS,
  type FanReadingId,
  LINK_READINGS,
  type LinkReadingId,
  MIG_READINGS,
  type MigReadingId,
  NODE_READINGS,
  type NodeReadingId,
  PEER_READINGS,
  type PeerReadingId,
  READINGS,
  type ReadingDefinition,
  type ReadingId,
} from '../native/readings.generated.js';

/** Why a reading has no value. NVML names without the `NVML_ERROR_` prefix, in lower case, or one of ours. */
export type AbsenceReason = string;

/** Status of what nobody asked for. */
export const NOT_ASKED = 255;

const OWN_REASONS: Readonly<Record<number, string>> = {
  246: 'mig_off',
  247: 'confidential_compute_off',
  248: 'no_sessions',
  249: 'no_own_memory',
  250: 'branch_unknown',
  251: 'branch_too_old',
  252: 'unknown_error',
  253: 'implausible',
  254: 'symbol_missing',
  255: 'not_asked',
};

const NVML_REASONS: readonly string[] = [
  'success',
  'uninitialized',
  'invalid_argument',
  'not_supported',
  'no_permission',
  'already_initialized',
  'not_found',
  'insufficient_size',
  'insufficient_power',
  'driver_not_loaded',
  'timeout',
  'irq_issue',
  'library_not_found',
  'function_not_found',
  'corrupted_inforom',
  'gpu_is_lost',
  'reset_required',
  'operating_system',
  'lib_rm_version_mismatch',
  'in_use',
  'memory',
  'no_data',
  'vgpu_ecc_not_supported',
  'insufficient_resources',
  'freq_not_supported',
  'argument_version_mismatch',
  'deprecated',
  'not_ready',
  'gpu_not_found',
  'invalid_state',
  'reset_type_not_supported',
];

/** Name of a status byte or NVML return code (nvml.h `nvmlReturn_t`). */
export function reasonName(code: number): AbsenceReason {
  if (code === 999) return 'unknown_error';
  return OWN_REASONS[code] ?? NVML_REASONS[code] ?? `code_${code}`;
}

/** One table of readings: which there are and where each lies in the value array. */
export class ReadingTable<Id extends string> {
  private readonly indexes: ReadonlyMap<string, number>;

  constructor(readonly rows: readonly (ReadingDefinition & { readonly id: Id })[]) {
    this.indexes = new Map(rows.map((row, index) => [row.id, index]));
  }

  /** Position of a reading in the value array. */
  index(id: Id): number {
    return this.indexes.get(id) as number;
  }
}

export const GPU_READINGS = new ReadingTable<ReadingId>(READINGS);
export const MIG_INSTANCE_READINGS = new ReadingTable<MigReadingId>(MIG_READINGS);
export const NVLINK_READINGS = new ReadingTable<LinkReadingId>(LINK_READINGS);
export const CHIP_LINK_READINGS = new ReadingTable<C2cLinkReadingId>(C2C_LINK_READINGS);
export const FAN_SPEED_READINGS = new ReadingTable<FanReadingId>(FAN_READINGS);
export const PEER_GPU_READINGS = new ReadingTable<PeerReadingId>(PEER_READINGS);
export const NODE_READING_TABLE = new ReadingTable<NodeReadingId>(NODE_READINGS);

/** Position of a GPU's reading in its value array. */
export function readingIndex(id: ReadingId): number {
  return GPU_READINGS.index(id);
}

/**
 * The numbers of one GPU, or of one of its parts, in base units. A value is there only where its status byte is 0:
 * absent is absent, never 0 or NaN.
 */
export class Readings<Id extends string = ReadingId> {
  constructor(
    readonly table: ReadingTable<Id>,
    /** Values by reading index; meaningless where the status is not 0. */
    readonly values: Float64Array,
    /** 0 = present, else an NVML return code or one of the agent's own codes. */
    readonly status: Uint8Array,
  ) {}

  /** Numbers nobody asked for. */
  static none<Id extends string>(table: ReadingTable<Id>): Readings<Id> {
    const count = table.rows.length;
    return new Readings(table, new Float64Array(count), new Uint8Array(count).fill(NOT_ASKED));
  }

  /** The value in base units, or undefined when there is none. */
  get(id: Id): number | undefined {
    const index = this.table.index(id);
    return this.status[index] === 0 ? this.values[index] : undefined;
  }

  /** Why there is no value; undefined when there is one. */
  absence(id: Id): AbsenceReason | undefined {
    const status = this.status[this.table.index(id)] ?? NOT_ASKED;
    return status === 0 ? undefined : reasonName(status);
  }

  /** Why numbers are missing, by id, without those nobody asked for. */
  absences(): Readonly<Record<string, AbsenceReason>> {
    const out: Record<string, AbsenceReason> = {};
    this.table.rows.forEach(({ id }, index) => {
      const status = this.status[index] ?? NOT_ASKED;
      if (status !== 0 && status !== NOT_ASKED) out[id] = reasonName(status);
    });
    return out;
  }

  /** These numbers where `keep` says so; the others as if nobody had asked. */
  only(keep: (id: Id) => boolean): Readings<Id> {
    const status = this.status.map((code, index) =>
      keep((this.table.rows[index] as { id: Id }).id) ? code : NOT_ASKED,
    );
    return new Readings(this.table, this.values, status);
  }

  /** All present values by id, for JSON. */
  toJSON(): Partial<Record<Id, number>> {
    const out: Partial<Record<Id, number>> = {};
    this.table.rows.forEach(({ id }, index) => {
      if (this.status[index] === 0) out[id] = this.values[index] as number;
    });
    return out;
  }
}

/** Readings of a GPU as the model has them, or as a document does. */
export type AnyReadings = Readings | { readonly [Id in ReadingId]?: number };

/** The value in base units, or undefined when there is none. */
export function readingOf(readings: AnyReadings, id: ReadingId): number | undefined {
  return readings instanceof Readings ? readings.get(id) : readings[id];
}

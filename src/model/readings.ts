import { READINGS, type ReadingId } from '../native/readings.generated.js';

/** Why a reading has no value. NVML names without the `NVML_ERROR_` prefix, in lower case, or one of ours. */
export type AbsenceReason = string;

const OWN_REASONS: Readonly<Record<number, string>> = {
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

const INDEX = new Map<string, number>(READINGS.map((row, index) => [row.id, index]));

/** Position of a reading in the value array. */
export function readingIndex(id: ReadingId): number {
  return INDEX.get(id) as number;
}

/**
 * The numbers of one GPU in base units. A value is there only where its status byte is 0: absent is absent, never 0
 * or NaN.
 */
export class Readings {
  constructor(
    /** Values by reading index; meaningless where the status is not 0. */
    readonly values: Float64Array,
    /** 0 = present, else an NVML return code or one of the agent's own codes. */
    readonly status: Uint8Array,
  ) {}

  /** The value in base units, or undefined when there is none. */
  get(id: ReadingId): number | undefined {
    const index = readingIndex(id);
    return this.status[index] === 0 ? this.values[index] : undefined;
  }

  /** Why there is no value; undefined when there is one. */
  absence(id: ReadingId): AbsenceReason | undefined {
    const status = this.status[readingIndex(id)] ?? 255;
    return status === 0 ? undefined : reasonName(status);
  }

  /** All present values by id, for JSON. */
  toJSON(): Record<string, number> {
    const out: Record<string, number> = {};
    READINGS.forEach((row, index) => {
      if (this.status[index] === 0) out[row.id] = this.values[index] as number;
    });
    return out;
  }
}

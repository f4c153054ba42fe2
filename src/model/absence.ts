import type { AbsenceReason } from './readings.js';

/** Words for reasons a reader meets; the others are NVML's names, which say what they can. One reason is one cause. */
const WORDS: Readonly<Record<string, string>> = {
  not_supported: 'the driver says that this GPU, as it is set up now, has none',
  no_permission: 'the driver does not tell it to this user: it tells root',
  symbol_missing: "the driver's library does not have the function",
  function_not_found: "the driver's library has the function and says that the driver has not",
  branch_too_old: "this driver's branch is older than this number",
  branch_unknown: 'the driver does not say its version, by which the number of the field goes',
  argument_version_mismatch: 'the driver knows none of the forms in which the agent asks',
  deprecated: 'the driver does not answer this any more',
  vgpu_ecc_not_supported: 'a vGPU with ECC on is not told it',
  no_own_memory: "the GPU has no memory of its own: it shares the system's",
  confidential_compute_off: 'confidential computing is off',
  no_sessions: 'there are no sessions',
  mig_off: 'MIG is off',
  no_data: 'the driver has no sample yet',
  not_ready: 'the driver has no sample yet',
  not_found: 'there is nothing of the kind',
  implausible: 'the answer cannot be true',
  gpu_is_lost: 'the GPU is lost',
  timeout: 'the driver gave up',
  unknown_error: 'the driver failed and does not say how',
  gpu_not_read: 'the GPU is not read now',
  single_links_off: 'not asked: --collector.nvlink-links is off',
  not_asked_yet: 'not asked yet',
};

/** Reasons that speak of what the GPU or its driver is: what has the reading is then worth saying. */
const BY_KIND: ReadonlySet<string> = new Set([
  'not_supported',
  'symbol_missing',
  'function_not_found',
  'branch_too_old',
  'branch_unknown',
  'argument_version_mismatch',
  'deprecated',
]);

/**
 * Why a reading of a GPU, or of a part of it, is missing, in words a person understands. `needs`: boards, drivers and
 * settings that have it.
 */
export function absenceText(reason: AbsenceReason, needs?: string): string {
  const text = WORDS[reason] ?? `the driver answered ${reason}`;
  return needs !== undefined && BY_KIND.has(reason) ? `${text}; needed: ${needs}` : text;
}

/** Where a reading stands of which neither a value nor a reason is told. */
export interface Unasked {
  /** Condition of its GPU. */
  readonly condition: string;
  /** Whether it is of a single NVLink: all that is known of one is asked at once, or only its state. */
  readonly isOfLink: boolean;
}

/** Why nobody asked for a reading. */
export function unaskedReason({ condition, isOfLink }: Unasked): AbsenceReason {
  if (condition !== 'up') return 'gpu_not_read';
  return isOfLink ? 'single_links_off' : 'not_asked_yet';
}

/** Names of what is missing together, with why, in the order in which each cause comes first. */
export function missingByCause(
  missing: readonly { readonly id: string; readonly reason: AbsenceReason; readonly needs?: string | undefined }[],
): string[] {
  const byCause = new Map<string, string[]>();
  for (const { id, reason, needs } of missing) {
    const cause = `${absenceText(reason, needs)} (${reason})`;
    byCause.set(cause, [...(byCause.get(cause) ?? []), id]);
  }
  return [...byCause].map(([cause, ids]) => `missing, ${cause}: ${ids.join(', ')}`);
}

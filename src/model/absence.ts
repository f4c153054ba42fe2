import type { AbsenceReason } from './readings.js';

/** Words for reasons a reader meets; the others are NVML's names, which say what they can. */
const WORDS: Readonly<Record<string, string>> = {
  not_supported: 'this board, its mode or its driver has none',
  no_permission: 'the agent may not ask; root may',
  function_not_found: 'the driver is too old to be asked',
  symbol_missing: 'the driver is too old, or too new, to be asked',
  no_data: 'the driver has no sample yet',
  not_ready: 'the driver has no sample yet',
  not_found: 'there is nothing of the kind',
  implausible: 'the answer cannot be true',
  gpu_is_lost: 'the GPU is lost',
  timeout: 'the driver gave up',
  unknown_error: 'the driver failed and does not say how',
};

/** Why nobody asked for a reading: of a link that is where its counters are asked for. */
const NOT_ASKED = 'not asked: the GPU is not read now, or it is not in the mode that has it';
const LINK_NOT_ASKED = 'not asked: the link is not up, or --collector.nvlink-links does not ask for single links';

/** Why a reading of a GPU, or of a part of it, is missing, in words a person understands. */
export function absenceText(reason: AbsenceReason, owner = 'gpu'): string {
  if (reason === 'not_asked') return owner === 'nvlink' ? LINK_NOT_ASKED : NOT_ASKED;
  return WORDS[reason] ?? `the driver answered ${reason}`;
}

import { DRAIN_AND_RESET, suspectHardware, type XidRow } from './row.js';

const RESET_IF_AGAIN = {
  when: 'again',
  severity: 'critical',
  action: 'reset_gpu',
  nextStep: `${DRAIN_AND_RESET} It has come more than once; if it comes after the reset too, run a long diagnostic (dcgmi diag -r 3).`,
} as const;

/** Faults of programs and of the engine that runs their kernels. */
export const PROGRAM_XIDS: readonly XidRow[] = [
  {
    xid: 8,
    meaning: 'an engine stopped making progress',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names. If it stalls at the same place again, have its owner look for a kernel that never ends or waits for itself.',
    until: 'quiet',
    onRepeat: suspectHardware('the engine'),
  },
  {
    xid: 11,
    meaning: 'the GPU was given a command stream it cannot read',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names. If it happens again, compare the versions of its CUDA libraries with the driver: a mismatch is the usual reason.',
    until: 'quiet',
    onRepeat: suspectHardware('the way to the GPU'),
  },
  {
    xid: 12,
    meaning: 'the driver failed to handle an exception of an engine',
    class: 'warn',
    action: 'watch',
    nextStep: 'Note what ran at the time. It belongs to old GPUs: where it comes often, update the driver.',
    until: 'quiet',
  },
  {
    xid: 13,
    meaning: 'a kernel did something illegal (bad instruction or address out of bounds)',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Tell the owner of the program that the kernel log names: it is nearly always a bug in its kernels, and compute-sanitizer finds it. The program has to be started again; the GPU is well.',
    until: 'quiet',
    onRepeat: suspectHardware('the GPU and not the programs'),
  },
  {
    xid: 25,
    meaning: 'a program sent commands the GPU does not allow',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names. If it happens again, compare the versions of its CUDA libraries with the driver.',
    until: 'quiet',
    onRepeat: suspectHardware('the way to the GPU'),
  },
  {
    xid: 31,
    meaning: 'a program touched an address that is not its own (page fault)',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Tell the owner of the program that the kernel log names: an invalid pointer is the usual reason, and compute-sanitizer finds it. The program has to be started again; the GPU is well.',
    until: 'quiet',
    onRepeat: suspectHardware('the GPU and not the programs'),
  },
  {
    xid: 32,
    meaning: 'commands arrived damaged at the GPU',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names, and look whether PCIe errors or replays of this GPU grow: a bad link can damage commands as a bad program can.',
    until: 'quiet',
    onRepeat: suspectHardware('its PCIe link (slot, riser, cable)'),
  },
  {
    xid: 37,
    meaning: 'the firmware that switches contexts refused a command',
    class: 'info',
    action: 'none',
    nextStep:
      'Nothing has to be done. If a program fails at the same moments, its owner may find the reason in its own log.',
    until: 'quiet',
  },
  {
    xid: 38,
    meaning: 'the firmware that switches contexts was too slow',
    class: 'warn',
    action: 'watch',
    nextStep:
      'Watch whether it comes again and whether programs on this GPU still make progress. Once, it is no reason to stop anything.',
    until: 'quiet',
    onRepeat: RESET_IF_AGAIN,
  },
  {
    xid: 43,
    meaning: 'a program was stopped for its own fault; the GPU is well',
    class: 'info',
    action: 'none',
    nextStep:
      'Nothing has to be done at the GPU. The program has failed already; its owner finds the reason in its log and in the XID before this one.',
    until: 'quiet',
    with: [{ xids: 'any', role: 'follows', says: 'a program was stopped by it' }],
  },
  {
    xid: 44,
    meaning: 'an engine failed while contexts were switched',
    class: 'warn',
    action: 'watch',
    nextStep:
      'Watch whether it comes again and whether programs on this GPU still make progress. Once, it is no reason to stop anything.',
    until: 'quiet',
    onRepeat: RESET_IF_AGAIN,
  },
  {
    xid: 45,
    meaning: 'channels of a program were torn down after an earlier error or its end',
    class: 'info',
    action: 'none',
    nextStep:
      'Look for what came before: another XID of this GPU, or somebody who ended the program. If there is neither and the node has NVSwitches, see whether the fabric manager runs, and restart it once no job runs.',
    until: 'quiet',
    with: [{ xids: 'any', role: 'follows', says: 'channels of programs were torn down because of it' }],
  },
  {
    xid: 46,
    meaning: 'the GPU stopped processing',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Programs on it hang or fail until then.`,
    until: 'reset',
    onRepeat: {
      when: 'after_reset',
      severity: 'critical',
      action: 'check_hardware',
      nextStep:
        'It stopped again after a reset: keep it drained and run a long diagnostic (dcgmi diag -r 3); if that fails, have the board exchanged.',
    },
  },
  {
    xid: 69,
    meaning: 'the graphics engine refused a command of a program',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names, and tell its owner. One program that does it again and again has a bug.',
    until: 'quiet',
    onRepeat: { ...RESET_IF_AGAIN, when: 'other_workload', severity: 'warning' },
  },
  {
    xid: 80,
    meaning: 'commands were damaged on their way to the GPU (checksum)',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names, and look whether PCIe errors or replays of this GPU grow.',
    until: 'quiet',
    onRepeat: {
      when: 'again',
      severity: 'warning',
      action: 'check_hardware',
      nextStep:
        'Data was damaged more than once on the way: drain the GPU, and have its slot, riser and cables checked; then run a long diagnostic (dcgmi diag -r 3).',
    },
  },
  {
    xid: 109,
    meaning: 'switching between programs took too long',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Programs often cause it: if it is always the same one, its owner has to look for kernels that cannot be interrupted.`,
    until: 'reset',
    onRepeat: {
      when: 'after_reset',
      severity: 'critical',
      action: 'check_hardware',
      nextStep:
        'It came back after a reset. If different programs were on the GPU, run a long diagnostic (dcgmi diag -r 3); if it was always the same one, keep that off the node until its owner has changed it.',
    },
  },
  {
    xid: 141,
    meaning: "an error on CUDA's fast path",
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done at the GPU. If a program failed at this moment, start it again.',
    until: 'quiet',
  },
  {
    xid: 158,
    meaning: 'the GPU timed out and cannot go on',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Programs on it hang or fail until then.`,
    until: 'reset',
    onRepeat: {
      when: 'after_reset',
      severity: 'critical',
      action: 'check_hardware',
      nextStep:
        'It timed out again after a reset: keep it drained and run a long diagnostic (dcgmi diag -r 3); if that fails, have the board exchanged.',
    },
  },
];

import { DRAIN_AND_RESET, replaceAfterReset, type XidRepeat, type XidRow } from './row.js';

const FLASH = 'Nothing is urgent. It belongs to old GPUs: note it, and watch whether it comes again.';
const PMU_DEAD = replaceAfterReset('the controller of power and clocks does not run');
const GSP_REBOOT: XidRepeat = {
  when: 'after_reset',
  severity: 'critical',
  action: 'fix_configuration',
  nextStep:
    'It came back after a reset or reboot: update the driver, which brings the firmware along. If the newest one does it too, run a long diagnostic (dcgmi diag -r 3).',
};
const GSP_STEP = `Let nothing poll this GPU: each question can hang. ${DRAIN_AND_RESET} If the reset hangs, reboot the node.`;

/** Firmware of the GPU and its controllers, and the driver itself. */
export const FIRMWARE_XIDS: readonly XidRow[] = [
  {
    xid: 59,
    meaning: 'an error of the controller of power and clocks',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Clocks and power limits may be wrong until then.`,
    until: 'reset',
    onRepeat: PMU_DEAD,
  },
  {
    xid: 61,
    meaning: 'the controller of power and clocks stopped at a breakpoint',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Clocks and power limits may be wrong until then.`,
    until: 'reset',
    onRepeat: PMU_DEAD,
  },
  {
    xid: 62,
    meaning: 'the controller of power and clocks halted',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Nobody regulates power and temperature until then, so do not wait.`,
    until: 'reset',
    onRepeat: PMU_DEAD,
  },
  {
    xid: 66,
    meaning: 'the driver touched a register it may not touch',
    class: 'warn',
    action: 'watch',
    nextStep: 'Programs go on. If it comes often, update the driver at the next maintenance.',
    until: 'quiet',
  },
  {
    xid: 67,
    meaning: 'the driver broke a rule it checks itself',
    class: 'warn',
    action: 'watch',
    nextStep: 'Programs go on. If it comes often, update the driver at the next maintenance.',
    until: 'quiet',
  },
  {
    xid: 78,
    meaning: 'a vGPU could not be started (versions of host and guest, or licence)',
    class: 'warn',
    action: 'fix_configuration',
    nextStep:
      'Compare the versions of the vGPU software on host and guest and look at the licence of this vGPU type; then start the guest again.',
    until: 'quiet',
  },
  {
    xid: 93,
    meaning: "the GPU's own store (inforom) was written too often",
    class: 'warn',
    action: 'watch',
    nextStep:
      'The GPU goes on, but may be unable to record bad memory in future. Plan to exchange the board when XID 64, 157 or 161 follows.',
    until: 'repair',
  },
  {
    xid: 106,
    meaning: 'test message of the out-of-band controller',
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done: somebody tested the reporting.',
    until: 'quiet',
  },
  {
    xid: 107,
    meaning: 'silent test message of the out-of-band controller',
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done: somebody tested the reporting.',
    until: 'quiet',
  },
  {
    xid: 110,
    meaning: 'the GPU stopped for a security fault',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} See that driver and firmware are NVIDIA's own and fit together.`,
    until: 'reset',
    onRepeat: {
      when: 'after_reset',
      severity: 'critical',
      action: 'check_hardware',
      nextStep:
        'It came back after a reset: keep the GPU drained, install the driver anew, and run a long diagnostic (dcgmi diag -r 3).',
    },
  },
  {
    xid: 119,
    meaning: "the GPU's firmware (GSP) did not answer the driver",
    class: 'critical',
    action: 'reset_gpu',
    nextStep: GSP_STEP,
    until: 'reset',
    onRepeat: GSP_REBOOT,
  },
  {
    xid: 120,
    meaning: "the GPU's firmware (GSP) failed",
    class: 'critical',
    action: 'reset_gpu',
    nextStep: GSP_STEP,
    until: 'reset',
    onRepeat: GSP_REBOOT,
  },
  {
    xid: 122,
    meaning: "the GPU's flash memory could not be read",
    class: 'warn',
    action: 'watch',
    nextStep: FLASH,
    until: 'quiet',
  },
  {
    xid: 123,
    meaning: "the GPU's flash memory could not be written",
    class: 'warn',
    action: 'watch',
    nextStep: FLASH,
    until: 'quiet',
  },
  {
    xid: 124,
    meaning: "the GPU's flash memory could not be erased",
    class: 'warn',
    action: 'watch',
    nextStep: FLASH,
    until: 'quiet',
  },
  {
    xid: 125,
    meaning: "an error in the file system of the GPU's own store (inforom)",
    class: 'warn',
    action: 'watch',
    nextStep: FLASH,
    until: 'quiet',
  },
  {
    xid: 143,
    meaning: 'the GPU could not be initialised',
    class: 'fatal',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Until then nothing runs on it.`,
    until: 'reset',
    onRepeat: {
      when: 'after_reset',
      severity: 'critical',
      action: 'check_hardware',
      nextStep:
        'It does not start after a reset either: power the node off and on once. If that does not help, have seating and power cables checked, then the board exchanged.',
    },
  },
  {
    xid: 151,
    meaning: 'keys of confidential computing could not be renewed',
    class: 'critical',
    action: 'restart_workload',
    nextStep:
      'Restart the virtual machine that has this GPU; its session cannot go on. If it happens again, have driver and firmware of host and guest brought to versions that fit.',
    until: 'reset',
  },
  {
    xid: 154,
    meaning: 'the driver recommends another way to recover this GPU',
    class: 'info',
    action: 'none',
    nextStep:
      'Do what the driver recommends now: gpu_recovery_action, or "GPU Recovery Action" of nvidia-smi -q. The XID before this one says why.',
    until: 'quiet',
  },
  {
    xid: 169,
    meaning: 'the security controller (SEC2) halted',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Until then no new program can be started on it.`,
    until: 'reset',
    onRepeat: replaceAfterReset('its security controller does not run'),
  },
  {
    xid: 170,
    meaning: 'an interrupt nobody expected in confidential computing',
    class: 'warn',
    action: 'restart_workload',
    nextStep:
      'Restart the program, or the confidential machine, that uses this GPU. If it comes again, update the driver.',
    until: 'quiet',
  },
];

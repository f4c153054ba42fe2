import type { XidRow } from './row.js';

const OLD_DISPLAY =
  'Nothing is urgent. It belongs to old GPUs that drive a screen: note it, and watch whether it comes again.';

/** Board, power supply and display. */
export const BOARD_XIDS: readonly XidRow[] = [
  {
    xid: 16,
    meaning: 'the display engine hangs',
    class: 'warn',
    action: 'watch',
    nextStep: OLD_DISPLAY,
    until: 'quiet',
  },
  {
    xid: 26,
    meaning: 'the frame buffer did not answer in time',
    class: 'warn',
    action: 'watch',
    nextStep: OLD_DISPLAY,
    until: 'quiet',
  },
  {
    xid: 54,
    meaning: 'a power cable of the board is missing or failing',
    class: 'fatal',
    action: 'check_hardware',
    nextStep:
      'Move the workloads of the node away, power it off and check the power cables and plugs of this GPU. If they are well, have power supply and board checked.',
    until: 'repair',
  },
  {
    xid: 56,
    meaning: 'an error of the display engine',
    class: 'warn',
    action: 'watch',
    nextStep: OLD_DISPLAY,
    until: 'quiet',
  },
  {
    xid: 81,
    meaning: 'an error of the VGA part of the GPU',
    class: 'fatal',
    action: 'check_hardware',
    nextStep:
      'Move the workloads of this GPU away and have the board checked in another slot; if it fails there too, have it exchanged.',
    until: 'repair',
  },
  {
    xid: 162,
    meaning: 'the circuit that smooths power draw works again',
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done.',
    until: 'quiet',
  },
  {
    xid: 163,
    meaning: 'the circuit that smooths power draw was switched off',
    class: 'warn',
    action: 'watch',
    nextStep:
      'Programs go on; only the power draw changes more steeply. See whether somebody switched it off, and watch for XID 164 or 165.',
    until: 'quiet',
  },
  {
    xid: 164,
    meaning: 'the circuit that smooths power draw is nearly worn out',
    class: 'warn',
    action: 'check_hardware',
    nextStep: 'Nothing is urgent: plan service of this board for one of the next maintenances, and watch for XID 165.',
    until: 'repair',
  },
  {
    xid: 165,
    meaning: 'the circuit that smooths power draw is worn out',
    class: 'degraded',
    action: 'replace',
    nextStep:
      'Programs go on, but power draw is no longer smoothed. Have the board exchanged at the next maintenance, sooner where the supply is tight.',
    until: 'repair',
  },
];

import { DRAIN_AND_RESET, type XidRepeat, type XidRow } from './row.js';

const INSPECT_LINK: XidRepeat = {
  when: 'after_reset',
  severity: 'critical',
  action: 'check_hardware',
  nextStep:
    'The same GPU lost its links again after a reset: keep it drained and have bridge, baseboard and cables of that link inspected; if they are well, have the board exchanged.',
};
const DECODED =
  'The kernel log says which unit of which link it was. Look for an XID 154 beside it and do what the driver recommends; alone it is a fault the link survived.';
const HARMLESS = 'Nothing has to be done: every known kind of it leaves the link working.';
const OFF_AGAIN: XidRepeat = {
  when: 'after_reset',
  severity: 'critical',
  action: 'check_hardware',
  nextStep:
    'It happened again after a reboot: take the node out, and have seating, power cables, riser and cooling of this GPU checked. If they are well, have the board exchanged.',
};

/** The ways to and from a GPU: PCIe, NVLink, chip-to-chip links. */
export const LINK_XIDS: readonly XidRow[] = [
  {
    xid: 18,
    meaning: 'the GPU was forbidden to reach main memory (PCI bus mastering off)',
    class: 'critical',
    action: 'reboot_node',
    nextStep:
      'Move the workloads of the node away and reboot it. If it comes again, look which program writes to PCI configuration space.',
    until: 'reset',
  },
  {
    xid: 74,
    meaning: 'an NVLink failed',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `Note which link the kernel log names and its error counters (nvidia-smi nvlink -e). ${DRAIN_AND_RESET}`,
    until: 'reset',
    onRepeat: INSPECT_LINK,
  },
  {
    xid: 79,
    meaning: 'GPU fell off the PCIe bus',
    class: 'fatal',
    action: 'reboot_node',
    nextStep:
      'Move the workloads of the node away and reboot it; if the GPU is not there after that, power the node off and on. Note power draw and temperature before the fall.',
    until: 'reset',
    onRepeat: OFF_AGAIN,
  },
  {
    xid: 108,
    meaning: 'an address of a peer could not be resolved over NVLink',
    class: 'warn',
    action: 'restart_workload',
    nextStep:
      'Restart the job that spans these GPUs, on all of them. The fault is often at the peer that the kernel log names: look for its XIDs first.',
    until: 'quiet',
  },
  {
    xid: 121,
    meaning: 'an error on the chip-to-chip link was corrected',
    class: 'warn',
    action: 'watch',
    nextStep: 'Programs go on. Watch whether it comes again and whether the error counters of that link rise.',
    until: 'quiet',
    onRepeat: {
      when: 'again',
      severity: 'warning',
      action: 'check_hardware',
      nextStep:
        'Errors on the chip-to-chip link go on: drain the node at the next maintenance, run a long diagnostic (dcgmi diag -r 3), and have the module looked at.',
    },
  },
  {
    xid: 136,
    meaning: 'an NVLink could not be brought up',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Then see whether all its links are up (nvidia-smi nvlink -s).`,
    until: 'reset',
    onRepeat: INSPECT_LINK,
  },
  {
    xid: 137,
    meaning: 'a peer was refused access over NVLink',
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the job that spans these GPUs, on all of them. Look at the peer that the kernel log names: if its program ended first, that is the reason.',
    until: 'quiet',
  },
  {
    xid: 144,
    meaning: 'NVLink 5: fault in the unit SAW',
    class: 'warn',
    action: 'watch',
    nextStep: DECODED,
    until: 'quiet',
  },
  {
    xid: 145,
    meaning: 'NVLink 5: fault in the unit RLW',
    class: 'warn',
    action: 'watch',
    nextStep: DECODED,
    until: 'quiet',
  },
  {
    xid: 146,
    meaning: 'NVLink 5: fault in the unit TLW',
    class: 'warn',
    action: 'watch',
    nextStep: DECODED,
    until: 'quiet',
  },
  {
    xid: 147,
    meaning: 'NVLink 5: note of the unit TREX',
    class: 'info',
    action: 'none',
    nextStep: HARMLESS,
    until: 'quiet',
  },
  {
    xid: 148,
    meaning: 'NVLink 5: note of the unit NVLPW',
    class: 'info',
    action: 'none',
    nextStep: HARMLESS,
    until: 'quiet',
  },
  {
    xid: 149,
    meaning: 'NVLink 5: a link went down or works badly',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `Look in the kernel log which link it is: a NETIR_BER_EVENT may be left alone, anything else not. ${DRAIN_AND_RESET}`,
    until: 'reset',
    onRepeat: INSPECT_LINK,
  },
  {
    xid: 150,
    meaning: 'NVLink 5: the controller of the links does not answer',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Jobs that span GPUs fail until then.`,
    until: 'reset',
    onRepeat: INSPECT_LINK,
  },
  {
    xid: 155,
    meaning: 'an NVLink was given up by software and cannot be used',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} See that fabric manager and driver are of one version.`,
    until: 'reset',
    onRepeat: INSPECT_LINK,
  },
  {
    xid: 159,
    meaning: 'an error on the coherent link that was not in the data',
    class: 'warn',
    action: 'watch',
    nextStep:
      'Look for lines of nvidia-uvm in the kernel log at this moment: they say which program it was. Without them, note it and watch whether it comes again.',
    until: 'quiet',
  },
  {
    xid: 166,
    meaning: 'NVLink was used before its encryption was set up (confidential computing)',
    class: 'critical',
    action: 'reset_gpu',
    nextStep: `${DRAIN_AND_RESET} Then start the confidential machine anew, so that the links are set up in order.`,
    until: 'reset',
  },
  {
    xid: 167,
    meaning: 'the GPU no longer answers on PCIe in time',
    class: 'fatal',
    action: 'reboot_node',
    nextStep:
      'Move the workloads of the node away and reboot it; if the GPU is not there after that, power the node off and on. Look at PCIe errors (AER) in the kernel log.',
    until: 'reset',
    onRepeat: OFF_AGAIN,
  },
  {
    xid: 173,
    meaning: 'the chip-to-chip link failed for good',
    class: 'fatal',
    action: 'reboot_node',
    nextStep: 'Move the workloads of the node away and reboot it. Then see whether all chip-to-chip links are up.',
    until: 'reset',
    onRepeat: OFF_AGAIN,
  },
];

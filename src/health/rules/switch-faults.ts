import type { SwitchFault } from '../../model/fault.js';
import { spanText } from '../../model/quantity.js';
import { evidence, rule, type Sight } from '../rule.js';

/** `nvswitch_fault`: one finding for each switch, its gravest SXid first. */
export const nvswitchFault = rule({
  code: 'nvswitch_fault',
  title: 'An NVSwitch reported an SXid',
  raised:
    'The kernel log tells of an SXid that has not been quiet for `quiet`; critical when the driver calls it fatal.',
  cleared: 'It has not come for `quiet`; a fatal one stays until the agent is started after a reboot.',
  source: '/dev/kmsg; nvml.md §13.1',
  severities: ['info', 'warning', 'critical'],
  actions: ['watch', 'reboot_node'],
  limits: {
    quiet: {
      initial: 3600,
      unit: 'seconds',
      minimum: 10,
      maximum: 604_800,
      says: 'after how long without another one an SXid is over that is not fatal',
    },
  },
  look: ({ switchFaults, atUnixSeconds }, { limits }) => {
    const byDevice = new Map<string, SwitchFault>();
    for (const fault of switchFaults) {
      if (fault.fatal !== true && atUnixSeconds - fault.lastUnixSeconds >= limits.quiet) continue;
      const before = byDevice.get(fault.device);
      if (before === undefined || gravity(fault) > gravity(before)) byDevice.set(fault.device, fault);
    }
    return [...byDevice.values()].map((fault) => sightOf(fault, atUnixSeconds));
  },
});

function gravity({ fatal }: SwitchFault): number {
  return fatal === true ? 2 : fatal === false ? 1 : 0;
}

function sightOf(fault: SwitchFault, nowUnixSeconds: number): Sight {
  const { device, sxid, fatal, count, firstUnixSeconds, lastUnixSeconds, text } = fault;
  const word = fatal === true ? 'a fatal' : fatal === false ? 'a non-fatal' : 'an';
  return {
    subject: { kind: 'node', id: device },
    severity: fatal === true ? 'critical' : fatal === false ? 'warning' : 'info',
    sinceUnixSeconds: firstUnixSeconds,
    reason: `${device} reported ${word} SXid ${sxid} (${count === 1 ? 'once' : `${count} times`}, last ${spanText(Math.max(0, nowUnixSeconds - lastUnixSeconds))} ago).`,
    evidence: evidence({ sxid, count, last_unix_seconds: Math.round(lastUnixSeconds), kernel_log: text }),
    action: fatal === true ? 'reboot_node' : 'watch',
    nextStep:
      fatal === true
        ? 'Move the workloads of all GPUs behind this switch away, then reset GPUs and switches together (nvidia-smi --gpu-reset without -i, with the fabric manager stopped) or reboot the node. If it comes again, have switch and baseboard examined.'
        : 'Nothing yet: the switch goes on. If it comes again and again, look at the counters of the NVLinks behind it and have the link examined.',
  };
}

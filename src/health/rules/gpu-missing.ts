import { missingOf } from '../../model/baseline.js';
import { evidence, rule, type Sight } from '../rule.js';

/** `gpu_missing`: a GPU this node is known to have is not reported by the driver, and nobody else was given it. */
export const gpuMissing = rule({
  code: 'gpu_missing',
  title: 'A GPU is missing',
  raised: 'The driver does not report a GPU that this node is known to have, and no other kernel driver has it.',
  cleared:
    'The driver reports it, it is given to another driver, another GPU takes its slot, or `gpu-node-agent baseline forget` is run.',
  source: 'Baseline kept by the agent; sysfs',
  severities: ['critical'],
  actions: ['check_hardware'],
  look: ({ driver, gpus, pci, baseline, sources, switchedOff }) => {
    if (driver.state !== 'initialized') return [];
    const looked = sources.some(
      ({ name, lastAnswerUnixSeconds }) => name === 'pci' && lastAnswerUnixSeconds !== undefined,
    );
    // Before the bus was looked at, a GPU that was given to a virtual machine would seem to be gone.
    if (!looked && !switchedOff.includes('pci')) return [];
    return missingOf(baseline.gpus, gpus, pci).map((gpu): Sight => {
      const onBus = pci.find(({ busId }) => busId === gpu.busId);
      const slot = onBus === undefined ? ', and nothing is in its slot' : ', although something is in its slot';
      return {
        severity: 'critical',
        subject: { kind: 'gpu', id: gpu.uuid },
        reason: `${gpu.name ?? 'A GPU'} that this node has had is not there: the driver does not report it${looked ? slot : ''}.`,
        evidence: evidence({
          pci_bus_id: gpu.busId,
          serial: gpu.serial,
          kernel_driver: onBus === undefined ? undefined : (onBus.driver ?? 'none'),
          link_width_lanes: gpu.linkWidthLanes,
          first_seen_unix_seconds: gpu.firstSeenUnixSeconds,
        }),
        action: 'check_hardware',
        nextStep:
          'Look for its PCI bus id in the kernel log, reseat the card and its power; if it was taken out on purpose, run gpu-node-agent baseline forget with its UUID.',
      };
    });
  },
});

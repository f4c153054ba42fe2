import { missingOf } from '../model/baseline.js';
import { evidence, type Rule, type Verdict } from './rule.js';

/** `gpu_missing`: a GPU this node is known to have is not reported by the driver, and nobody else was given it. */
export const gpuMissing: Rule = ({ driver, gpus, pci, baseline, sources, switchedOff }) => {
  if (driver.state !== 'initialized') return [];
  const looked = sources.some(
    ({ name, lastAnswerUnixSeconds }) => name === 'pci' && lastAnswerUnixSeconds !== undefined,
  );
  // Before the bus was looked at, a GPU that was given to a virtual machine would seem to be gone.
  if (!looked && !switchedOff.includes('pci')) return [];
  return missingOf(baseline.gpus, gpus, pci).map((gpu): Verdict => {
    const onBus = pci.find(({ busId }) => busId === gpu.busId);
    const slot = onBus === undefined ? ', and nothing is in its slot' : ', although something is in its slot';
    return {
      code: 'gpu_missing',
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
};

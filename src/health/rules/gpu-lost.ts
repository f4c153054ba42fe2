import { evidence, gpuSubject, rule, type Sight } from '../rule.js';

/** `gpu_lost`: NVML code 15, the GPU is off the bus. */
export const gpuLost = rule({
  code: 'gpu_lost',
  title: 'A GPU fell off the bus',
  raised: 'A call of the GPU answers 15.',
  cleared: 'The GPU answers again.',
  source: 'NVML code 15',
  severities: ['critical'],
  actions: ['reboot_node'],
  look: ({ gpus }) =>
    gpus
      .filter(({ condition }) => condition === 'lost')
      .map(
        (gpu): Sight => ({
          severity: 'critical',
          subject: gpuSubject(gpu),
          reason: `GPU ${gpu.index} has fallen off the bus or is not reachable any more.`,
          evidence: evidence({
            gpu_index: gpu.index,
            pci_bus_id: gpu.pciBusId,
            nvml_code: 15,
            last_xid: gpu.lastXid?.xid,
          }),
          action: 'reboot_node',
          nextStep:
            'Move its workloads away and reboot the node; if it is lost again, power the node off and on and have seating, power cables and riser checked.',
        }),
      ),
});

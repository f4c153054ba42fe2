import { gpuName } from '../../model/gpu-identity.js';
import { evidence, gpuSubject, rule, type Sight } from '../rule.js';

/**
 * `gpu_left_out_in_doubt`: a GPU that may be well is not read, because nobody can tell it from one that is to be left
 * alone without looking it up. See docs/decisions/gpus-are-left-out-by-identity.md.
 */
export const leftOutInDoubt = rule({
  code: 'gpu_left_out_in_doubt',
  title: 'A GPU is left out to be sure',
  raised:
    'A GPU that is to be left alone (released, or set aside after a hang) may stand at this index, and nothing tells without touching it.',
  cleared: 'The GPU is read, or is known to be the one that is left alone.',
  source: '/proc/driver/nvidia/gpus',
  severities: ['warning'],
  actions: ['watch'],
  look: ({ gpus, indexesInDoubt, sampling, setAside, driver }) => {
    if (sampling.released.some(({ gpu }) => gpu === 'all')) return [];
    const mayBe = [...sampling.released.map(({ gpu }) => gpu), ...setAside.map(({ gpu }) => gpuName(gpu))];
    return gpus
      .filter(({ condition, index }) => condition === 'excluded' && indexesInDoubt.includes(index))
      .map(
        (gpu): Sight => ({
          severity: 'warning',
          subject: gpuSubject(gpu),
          reason: `GPU ${gpu.index} is not read: it may be one that is to be left alone, and nobody can tell without touching it.`,
          evidence: evidence({
            gpu_index: gpu.index,
            pci_bus_id: gpu.pciBusId,
            may_be: mayBe.length === 0 ? undefined : mayBe.join(' '),
            driver_gpus: driver.gpuCount,
          }),
          action: 'watch',
          nextStep:
            'Let the agent see a /proc/driver/nvidia/gpus that lists just the GPUs which the driver counts (in a container mount the /proc of the host and set --path.procfs), and restart the agent or wait for the next init. Or, once it may be touched, end the release of the GPU named in may_be: gpu-node-agent resume --gpu <name>.',
        }),
      );
  },
});

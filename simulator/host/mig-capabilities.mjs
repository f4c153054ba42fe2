// @ts-check
/**
 * Minor numbers of /dev/nvidia-caps/nvidia-cap<minor>. The nvidia module deals them out in a fixed scheme that it
 * publishes in /proc/driver/nvidia-caps/mig-minors: 1 is MIG configuration, 2 is monitoring, then 135 per GPU,
 * which is 15 GPU instances with one number of their own and eight for compute instances.
 */

const FIRST_GPU_MINOR = 3;
const GPU_INSTANCES = 15;
const COMPUTE_INSTANCES = 8;
const MINORS_PER_GPU_INSTANCE = 1 + COMPUTE_INSTANCES;
const MINORS_PER_GPU = GPU_INSTANCES * MINORS_PER_GPU_INSTANCE;

/** MIG configuration, MIG monitoring. */
export const GLOBAL_CAPABILITIES = { config: 1, monitor: 2 };

/**
 * @param {number} gpuMinor N of /dev/nvidiaN
 * @param {number} gpuInstance 0-14
 */
export function gpuInstanceMinor(gpuMinor, gpuInstance) {
  return FIRST_GPU_MINOR + gpuMinor * MINORS_PER_GPU + gpuInstance * MINORS_PER_GPU_INSTANCE;
}

/**
 * @param {number} gpuMinor
 * @param {number} gpuInstance
 * @param {number} computeInstance 0-7
 */
export function computeInstanceMinor(gpuMinor, gpuInstance, computeInstance) {
  return gpuInstanceMinor(gpuMinor, gpuInstance) + 1 + computeInstance;
}

/**
 * Text of /proc/driver/nvidia-caps/mig-minors.
 * @param {number} gpus how many GPUs the module numbers for
 */
export function migMinorsText(gpus) {
  const lines = [`config ${GLOBAL_CAPABILITIES.config}`, `monitor ${GLOBAL_CAPABILITIES.monitor}`];
  for (let gpu = 0; gpu < gpus; gpu++) {
    for (let instance = 0; instance < GPU_INSTANCES; instance++) {
      lines.push(`gpu${gpu}/gi${instance}/access ${gpuInstanceMinor(gpu, instance)}`);
      for (let compute = 0; compute < COMPUTE_INSTANCES; compute++) {
        lines.push(`gpu${gpu}/gi${instance}/ci${compute}/access ${computeInstanceMinor(gpu, instance, compute)}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

// @ts-check
/**
 * /dev of the simulated host. The nodes are regular files: what matters to a reader is that they can be opened and
 * that the handle's path names them. Real nodes would need root and would hand the host's GPUs to the simulation.
 */
import { capabilityNodes } from './proc-driver.mjs';

/**
 * @typedef {import('./plan.mjs').HostPlan} HostPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

const KERNEL_LOG = 'kmsg';

/**
 * Makes the nodes of the loaded driver and of VFIO; those of a driver that is gone are removed.
 * @param {Tree} dev
 * @param {HostPlan} plan
 */
export function writeDeviceNodes(dev, plan) {
  const nodes = deviceNodes(plan);
  const roots = new Set([KERNEL_LOG, ...nodes.map((node) => node.split('/')[0])]);
  for (const name of dev.names('.')) {
    if (!roots.has(name)) dev.remove(name);
  }
  for (const node of nodes) dev.file(node, '', 0o666);
  // It grows as long as the machine is up, whatever becomes of the driver.
  if (!dev.names('.').includes(KERNEL_LOG)) dev.file(KERNEL_LOG, '', 0o644);
}

/**
 * All nodes, relative to /dev.
 * @param {HostPlan} plan
 */
export function deviceNodes(plan) {
  const nodes = ['null'];
  const { driver } = plan;
  if (driver !== undefined) {
    nodes.push('nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-modeset');
    nodes.push(...driver.gpus.map((gpu) => `nvidia${gpu.minor}`));
    if (driver.gpus.some((gpu) => gpu.migEnabled)) nodes.push(...capabilityNodes(driver));
  }
  const passedThrough = plan.pciFunctions.filter((pciFunction) => pciFunction.driver === 'vfio-pci');
  if (passedThrough.length > 0) nodes.push('vfio/vfio');
  for (const { iommuGroup, vfioIndex } of passedThrough) {
    if (iommuGroup !== undefined) nodes.push(`vfio/${iommuGroup}`);
    if (vfioIndex !== undefined) nodes.push(`vfio/devices/vfio${vfioIndex}`);
  }
  return [...new Set(nodes)];
}

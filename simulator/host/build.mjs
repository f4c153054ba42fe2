// @ts-check
/**
 * Builds the simulated host's trees from a plan. Building again over an existing tree turns it into the new plan
 * without touching what is the same, so a running reader sees only the change.
 */
import { chmodSync } from 'node:fs';
import { writeDeviceNodes } from './dev-nodes.mjs';
import { writeHamiContainers } from './hami-containers.mjs';
import { writeDriver } from './proc-driver.mjs';
import { writeProcesses } from './proc-processes.mjs';
import { writeSystem } from './proc-system.mjs';
import { writeContainerd } from './run-containerd.mjs';
import { writeLibvirt } from './run-libvirt.mjs';
import { writePci } from './sys-pci.mjs';
import { openTree } from './tree.mjs';

/**
 * Writes `<directory>/{sys,proc,dev,run,hami/containers}`.
 * @param {string} directory usually `<node>/host`; made when absent
 * @param {import('./plan.mjs').HostPlan} plan
 */
export function buildHost(directory, plan) {
  const tree = openTree(directory);
  const sys = tree.below('sys');
  const proc = tree.below('proc');
  const dev = tree.below('dev');
  const run = tree.below('run');
  const usesVfio = plan.pciFunctions.some((pciFunction) => pciFunction.driver === 'vfio-pci');
  writeDeviceNodes(dev, plan);
  writePci(sys, plan.pciFunctions, plan);
  writeDriver(proc, sys, plan.driver, { usesVfio });
  writeSystem(proc, sys, plan);
  writeProcesses(proc, plan.processes);
  writeLibvirt(run, plan.virtualMachines);
  writeContainerd(run, plan.podContainers);
  const hami = tree.below('hami/containers');
  chmodSync(hami.root, 0o755);
  writeHamiContainers(hami, plan.hamiContainers);
}

// @ts-check
/**
 * The directory HAMi's device plugin makes for each container that got a share: `<podUID>_<container>`, mode 0777,
 * with the usage file of the preloaded library and the empty mount point `libvgpu.so` in it.
 */
import { chmodSync, lstatSync } from 'node:fs';
import { damageUsageFile } from './hami-damage.mjs';
import { writeUsageFile } from './hami-file.mjs';

/**
 * @typedef {import('./plan.mjs').HamiContainerPlan} HamiContainerPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/**
 * Makes exactly these containers; directories of others are removed.
 * @param {Tree} containers the tree at the HAMi root
 * @param {readonly HamiContainerPlan[]} plans
 */
export function writeHamiContainers(containers, plans) {
  const wanted = new Set(plans.map(containerDirectory));
  for (const name of containers.names('.')) {
    if (!wanted.has(name)) containers.remove(name);
  }
  for (const plan of plans) writeHamiContainer(containers, plan);
}

/**
 * Makes one container's directory, or rewrites its usage file in place.
 * @param {Tree} containers
 * @param {HamiContainerPlan} plan
 * @returns {string} absolute path of the usage file
 */
export function writeHamiContainer(containers, plan) {
  // What an earlier damage left (a link, a FIFO, a second file) cannot be rewritten in place.
  const name = containerDirectory(plan);
  const unexpected = containers
    .names(name)
    .some((entry) => entry !== 'libvgpu.so' && entry !== `${plan.fileName}.cache`);
  const status = lstatSync(containers.path(`${name}/${plan.fileName}.cache`), { throwIfNoEntry: false });
  if (unexpected || (status !== undefined && (!status.isFile() || status.nlink > 1))) containers.remove(name);
  const directory = containers.below(name);
  chmodSync(directory.root, 0o777);
  directory.file('libvgpu.so', '');
  const file = directory.path(`${plan.fileName}.cache`);
  if (plan.content !== undefined) writeUsageFile(file, plan.layout, plan.content);
  if (plan.damage !== undefined) damageUsageFile(file, plan.damage);
  return file;
}

/**
 * @param {{ podUid: string, container: string }} plan
 */
export function containerDirectory(plan) {
  return `${plan.podUid}_${plan.container}`;
}

// @ts-check
/**
 * The host of a simulated node as it was last described, kept in `<node>/host.json` so that a later command can
 * change one thing (the driver goes, a process ends) and build the trees again from the rest.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildHost } from './build.mjs';
import { layOver } from './captured-files.mjs';
import { containerDirectory } from './hami-containers.mjs';
import { writeUsageFile } from './hami-file.mjs';
import { LAYOUTS } from './hami-layouts.mjs';
import { hamiContainers, planHost } from './host-plan.mjs';
import { openTree } from './tree.mjs';

/** @typedef {import('./host-plan.mjs').HostRecord} HostRecord */

/** Where the parts of a node's host are, below the node's directory. */
export const HOST_FOLDERS = {
  sys: 'host/sys',
  proc: 'host/proc',
  dev: 'host/dev',
  run: 'host/run',
  state: 'host/var/lib/gpu-node-agent',
  hami: 'host/hami/containers',
};

/**
 * Builds the trees of a node and remembers what they were built from. Called again it changes only what differs.
 * @param {string} nodeDirectory
 * @param {HostRecord} record
 * @param {number} unixSeconds the instant the trees show
 */
export function writeHost(nodeDirectory, record, unixSeconds) {
  buildHost(join(nodeDirectory, 'host'), planHost(record, unixSeconds));
  // Those of the driver go with it.
  const files = (record.host.files ?? []).filter(({ root }) => root !== 'procfs' || record.driverVersion !== undefined);
  layOver(join(nodeDirectory, 'host'), files);
  // What an agent keeps of this node stays with it.
  mkdirSync(join(nodeDirectory, HOST_FOLDERS.state), { recursive: true });
  const path = recordPath(nodeDirectory);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Changes a node's host: `{ driverVersion: undefined }` is the module's removal, new `gpus` bring new processes or
 * MIG instances.
 * @param {string} nodeDirectory
 * @param {{ host?: HostRecord['host'], driverVersion?: string | undefined, gpus?: HostRecord['gpus'] }} changes
 * @param {number} unixSeconds
 */
export function changeHost(nodeDirectory, changes, unixSeconds) {
  const { driverVersion, ...rest } = { ...readHost(nodeDirectory), ...changes };
  writeHost(nodeDirectory, { ...rest, ...(driverVersion === undefined ? {} : { driverVersion }) }, unixSeconds);
}

/**
 * Rewrites the HAMi usage files in place with what they say at an instant.
 * @param {string} nodeDirectory
 * @param {number} unixSeconds
 */
export function moveHamiUsage(nodeDirectory, unixSeconds) {
  const record = readHost(nodeDirectory);
  const containers = openTree(join(nodeDirectory, HOST_FOLDERS.hami));
  for (const plan of hamiContainers(record, unixSeconds)) {
    // A directory that somebody removed or damaged meanwhile stays as it is.
    const file = containers.path(`${containerDirectory(plan)}/${plan.fileName}.cache`);
    if (plan.content !== undefined && isComplete(file)) writeUsageFile(file, plan.layout, plan.content);
  }
}

/**
 * @param {string} nodeDirectory
 * @returns {HostRecord}
 * @throws {Error} saying that the directory is no simulated node
 */
export function readHost(nodeDirectory) {
  const path = recordPath(nodeDirectory);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(
      `${nodeDirectory} is no simulated node: ${/** @type {Error} */ (error).message}. Make one with "create".`,
    );
  }
}

/** @param {string} file */
function isComplete(file) {
  const status = lstatSync(file, { throwIfNoEntry: false });
  return status?.isFile() === true && Object.values(LAYOUTS).some(({ fileBytes }) => fileBytes === status.size);
}

/** @param {string} nodeDirectory */
function recordPath(nodeDirectory) {
  return join(nodeDirectory, 'host.json');
}

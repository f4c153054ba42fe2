// @ts-check
/** /proc/driver/nvidia, /proc/driver/nvidia-caps and /sys/module of the nvidia modules. */
import { computeInstanceMinor, GLOBAL_CAPABILITIES, gpuInstanceMinor, migMinorsText } from './mig-capabilities.mjs';

/**
 * @typedef {import('./plan.mjs').DriverPlan} DriverPlan
 * @typedef {import('./plan.mjs').DriverGpuPlan} DriverGpuPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/** GPUs mig-minors lists whether they exist or not. */
const NUMBERED_GPUS = 32;

/**
 * Writes what the module shows, or removes it all when no module is loaded.
 * @param {Tree} proc
 * @param {Tree} sys
 * @param {DriverPlan | undefined} driver
 * @param {{ usesVfio: boolean }} host
 */
export function writeDriver(proc, sys, driver, host) {
  for (const path of ['driver/nvidia', 'driver/nvidia-caps']) proc.remove(path);
  for (const name of ['nvidia', 'nvidia_uvm', 'vfio_pci']) sys.remove(`module/${name}`);
  if (host.usesVfio) writeModule(sys, 'vfio_pci', 1);
  if (driver === undefined) return;
  proc.file(
    'driver/nvidia/version',
    `NVRM version: NVIDIA UNIX ${driver.openModule ? 'Open Kernel Module for x86_64' : 'x86_64 Kernel Module'}  ${driver.version}  Release Build  (simulated)\n` +
      'GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n',
  );
  proc.file('driver/nvidia/params', 'EnableMSI: 1\nDeviceFileUID: 0\nDeviceFileGID: 0\nDeviceFileMode: 438\n');
  for (const gpu of driver.gpus) proc.file(`driver/nvidia/gpus/${gpu.address}/information`, information(gpu, driver));
  writeCapabilities(proc, driver);
  writeModule(sys, 'nvidia', driver.gpus.length);
  sys.file('module/nvidia/version', `${driver.version}\n`);
  writeModule(sys, 'nvidia_uvm', 0);
}

/**
 * Device nodes of MIG capabilities that the driver's instances need, relative to /dev.
 * @param {DriverPlan} driver
 */
export function capabilityNodes(driver) {
  const minors = new Set([GLOBAL_CAPABILITIES.config, GLOBAL_CAPABILITIES.monitor]);
  for (const gpu of driver.gpus) {
    for (const { gpuInstance, computeInstance } of gpu.migInstances) {
      minors.add(gpuInstanceMinor(gpu.minor, gpuInstance));
      minors.add(computeInstanceMinor(gpu.minor, gpuInstance, computeInstance));
    }
  }
  return [...minors].map((minor) => `nvidia-caps/nvidia-cap${minor}`);
}

/**
 * @param {Tree} proc
 * @param {DriverPlan} driver
 */
function writeCapabilities(proc, driver) {
  const root = 'driver/nvidia/capabilities';
  const write = (/** @type {string} */ path, /** @type {number} */ minor) =>
    proc.file(`${root}/${path}`, `DeviceFileMinor: ${minor}\nDeviceFileMode: 256\nDeviceFileModify: 1\n`, 0o444);
  proc.file('driver/nvidia-caps/mig-minors', migMinorsText(NUMBERED_GPUS), 0o444);
  write('mig/config', GLOBAL_CAPABILITIES.config);
  write('mig/monitor', GLOBAL_CAPABILITIES.monitor);
  for (const gpu of driver.gpus) {
    for (const { gpuInstance, computeInstance } of gpu.migInstances) {
      const path = `gpu${gpu.minor}/mig/gi${gpuInstance}`;
      write(`${path}/access`, gpuInstanceMinor(gpu.minor, gpuInstance));
      write(`${path}/ci${computeInstance}/access`, computeInstanceMinor(gpu.minor, gpuInstance, computeInstance));
    }
  }
}

/**
 * @param {Tree} sys
 * @param {string} name
 * @param {number} references
 */
function writeModule(sys, name, references) {
  sys.file(`module/${name}/refcnt`, `${references}\n`);
  sys.file(`module/${name}/initstate`, 'live\n');
}

/**
 * The information file, with the module's own spacing: a tab and a blank after the colon.
 * @param {DriverGpuPlan} gpu
 * @param {DriverPlan} driver
 */
function information(gpu, driver) {
  const rows = [
    ['Model: ', gpu.name],
    ['IRQ:   ', String(gpu.irq)],
    ['GPU UUID: ', gpu.uuid],
    ['Video BIOS: ', gpu.vbiosVersion],
    ['Bus Type: ', 'PCIe'],
    ['DMA Size: ', '47 bits'],
    ['DMA Mask: ', '0x7fffffffffff'],
    ['Bus Location: ', gpu.address],
    ['Device Minor: ', String(gpu.minor)],
    ['GPU Firmware: ', driver.version],
    ['GPU Excluded:', 'No'],
  ];
  return rows.map(([label, value]) => `${label}\t ${value}\n`).join('');
}

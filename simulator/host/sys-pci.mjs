// @ts-check
/** /sys/bus/pci, /sys/devices/pci* and /sys/kernel/iommu_groups. Formats are those of Linux 6.1 to 6.12. */
import { posix } from 'node:path';

/**
 * @typedef {import('./plan.mjs').PciFunctionPlan} PciFunctionPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/** Giga-transfers per second by PCIe generation, as the kernel prints them. */
const LINK_SPEEDS = [
  'Unknown',
  '2.5 GT/s PCIe',
  '5.0 GT/s PCIe',
  '8.0 GT/s PCIe',
  '16.0 GT/s PCIe',
  '32.0 GT/s PCIe',
  '64.0 GT/s PCIe',
];

const CORRECTABLE = ['RxErr', 'BadTLP', 'BadDLLP', 'Rollover', 'Timeout', 'NonFatalErr', 'CorrIntErr', 'HeaderOF'];
const UNCORRECTABLE = [
  'Undefined',
  'DLP',
  'SDES',
  'TLP',
  'FCP',
  'CmpltTO',
  'CmpltAbrt',
  'UnxCmplt',
  'RxOF',
  'MalfTLP',
].concat([
  'ECRC',
  'UnsupReq',
  'ACSViol',
  'UncorrIntErr',
  'BlockedTLP',
  'AtomicOpBlocked',
  'TLPBlockedErr',
  'PoisonTLPBlocked',
]);

/**
 * Writes every function, its drivers and its IOMMU group.
 * @param {Tree} sys the tree at /sys
 * @param {readonly PciFunctionPlan[]} functions
 * @param {{ cpus: number, numaNodes: number }} machine
 */
export function writePci(sys, functions, machine) {
  sys.directory('bus/pci/devices');
  sys.directory('bus/pci/drivers');
  sys.directory('kernel/iommu_groups');
  unlinkStale(sys, functions);
  for (const pciFunction of functions) {
    writePort(sys, pciFunction);
    writeFunction(sys, pciFunction, machine);
  }
}

/**
 * Where a function's directory really is; /sys/bus/pci/devices only links to it.
 * @param {PciFunctionPlan} pciFunction
 */
export function devicePath(pciFunction) {
  return `${portPath(pciFunction)}/${pciFunction.address}`;
}

/**
 * CPUs that belong to a NUMA node, in the kernel's list format.
 * @param {number} node -1 = all
 * @param {{ cpus: number, numaNodes: number }} machine
 */
export function cpuList(node, machine) {
  const perNode = Math.floor(machine.cpus / machine.numaNodes);
  return node < 0 ? `0-${machine.cpus - 1}` : `${node * perNode}-${(node + 1) * perNode - 1}`;
}

/**
 * Takes away links of an earlier plan: functions that are gone, and bindings that changed.
 * @param {Tree} sys
 * @param {readonly PciFunctionPlan[]} functions
 */
function unlinkStale(sys, functions) {
  const byAddress = new Map(functions.map((pciFunction) => [pciFunction.address, pciFunction]));
  const ports = new Set(functions.map((pciFunction) => pciFunction.upstreamPort));
  const removeUnless = (/** @type {string} */ path, /** @type {boolean} */ wanted) => {
    if (!wanted) sys.remove(path);
  };
  for (const address of sys.names('bus/pci/devices')) {
    removeUnless(`bus/pci/devices/${address}`, byAddress.has(address) || ports.has(address));
  }
  for (const driver of sys.names('bus/pci/drivers')) {
    for (const address of sys.names(`bus/pci/drivers/${driver}`)) {
      const bound = ports.has(address) ? 'pcieport' : byAddress.get(address)?.driver;
      removeUnless(`bus/pci/drivers/${driver}/${address}`, bound === driver);
    }
  }
  for (const group of sys.names('kernel/iommu_groups')) {
    for (const address of sys.names(`kernel/iommu_groups/${group}/devices`)) {
      const member = String(byAddress.get(address)?.iommuGroup) === group;
      removeUnless(`kernel/iommu_groups/${group}/devices/${address}`, member);
    }
    removeUnless(`kernel/iommu_groups/${group}`, sys.names(`kernel/iommu_groups/${group}/devices`).length > 0);
  }
  const vfioNames = new Set(functions.map(({ vfioIndex }) => `vfio${vfioIndex}`));
  for (const name of sys.names('class/vfio-dev')) removeUnless(`class/vfio-dev/${name}`, vfioNames.has(name));
  for (const pciFunction of functions) {
    const path = devicePath(pciFunction);
    removeUnless(`${path}/driver`, pciFunction.driver !== undefined);
    removeUnless(`${path}/iommu_group`, pciFunction.iommuGroup !== undefined);
    removeUnless(`${path}/vfio-dev`, pciFunction.vfioIndex !== undefined);
  }
}

/** @param {PciFunctionPlan} pciFunction */
function portPath(pciFunction) {
  const [domain, bus] = pciFunction.upstreamPort.split(':');
  return `devices/pci${domain}:${bus}/${pciFunction.upstreamPort}`;
}

/**
 * @param {Tree} sys
 * @param {PciFunctionPlan} pciFunction
 * @param {{ cpus: number, numaNodes: number }} machine
 */
function writeFunction(sys, pciFunction, machine) {
  const path = devicePath(pciFunction);
  const write = (/** @type {string} */ name, /** @type {string | number | undefined} */ value, mode = 0o644) => {
    if (value !== undefined) sys.file(`${path}/${name}`, `${value}\n`, mode);
  };
  write('vendor', hex(pciFunction.vendorId, 4));
  write('device', hex(pciFunction.deviceId, 4));
  write('subsystem_vendor', hex(pciFunction.subsystemVendorId, 4));
  write('subsystem_device', hex(pciFunction.subsystemDeviceId, 4));
  write('class', hex(pciFunction.classCode, 6));
  write('revision', hex(pciFunction.revision, 2));
  write('numa_node', pciFunction.numaNode);
  write('local_cpulist', cpuList(pciFunction.numaNode, machine));
  write('driver_override', pciFunction.driver === 'vfio-pci' ? 'vfio-pci' : '(null)');
  write('enable', pciFunction.driver === undefined ? 0 : 1);
  write('power_state', pciFunction.driver === undefined ? 'D3hot' : 'D0');
  write('reset_method', 'flr bus');
  write('resource', resourceLines(pciFunction));
  write('current_link_speed', speed(pciFunction.linkGeneration));
  write('max_link_speed', speed(pciFunction.linkGenerationMax));
  write('current_link_width', pciFunction.linkWidth);
  write('max_link_width', pciFunction.linkWidthMax);
  write('modalias', modalias(pciFunction));
  if (pciFunction.correctableErrors !== undefined) writeErrors(sys, path, pciFunction.correctableErrors);
  if (pciFunction.sriovTotalVfs !== undefined) {
    write('sriov_totalvfs', pciFunction.sriovTotalVfs, 0o444);
    write('sriov_numvfs', 0);
    write('sriov_offset', 4, 0o444);
    write('sriov_stride', 1, 0o444);
    write('sriov_vf_device', (pciFunction.sriovVfDeviceId ?? pciFunction.deviceId).toString(16), 0o444);
    write('sriov_drivers_autoprobe', 1);
    write('sriov_vf_total_msix', 0, 0o444);
  }
  link(sys, `bus/pci/devices/${pciFunction.address}`, path);
  link(sys, `${path}/subsystem`, 'bus/pci');
  if (pciFunction.driver !== undefined) bind(sys, path, pciFunction.address, pciFunction.driver);
  if (pciFunction.iommuGroup !== undefined) {
    const group = `kernel/iommu_groups/${pciFunction.iommuGroup}`;
    sys.file(`${group}/type`, 'DMA-FQ\n');
    link(sys, `${group}/devices/${pciFunction.address}`, path);
    link(sys, `${path}/iommu_group`, group);
  }
  if (pciFunction.vfioIndex !== undefined) {
    const name = `vfio${pciFunction.vfioIndex}`;
    sys.directory(`${path}/vfio-dev/${name}`);
    link(sys, `${path}/vfio-dev/${name}/device`, path);
    link(sys, `class/vfio-dev/${name}`, `${path}/vfio-dev/${name}`);
  }
}

/**
 * The root port above a function: bus errors are often counted there and not at the GPU.
 * @param {Tree} sys
 * @param {PciFunctionPlan} pciFunction
 */
function writePort(sys, pciFunction) {
  const path = portPath(pciFunction);
  const write = (/** @type {string} */ name, /** @type {string | number | undefined} */ value) => {
    if (value !== undefined) sys.file(`${path}/${name}`, `${value}\n`);
  };
  write('vendor', '0x8086');
  write('device', '0x352a');
  write('subsystem_vendor', '0x8086');
  write('subsystem_device', '0x0000');
  write('class', '0x060400');
  write('revision', '0x04');
  write('numa_node', pciFunction.numaNode);
  write('current_link_speed', speed(pciFunction.linkGeneration));
  write('max_link_speed', speed(pciFunction.linkGenerationMax));
  write('current_link_width', pciFunction.linkWidth);
  write('max_link_width', pciFunction.linkWidthMax);
  writeErrors(sys, path, 0);
  write('aer_rootport_total_err_cor', 0);
  write('aer_rootport_total_err_nonfatal', 0);
  write('aer_rootport_total_err_fatal', 0);
  link(sys, `bus/pci/devices/${pciFunction.upstreamPort}`, path);
  bind(sys, path, pciFunction.upstreamPort, 'pcieport');
}

/**
 * Both directions of a driver binding, and the driver's module.
 * @param {Tree} sys
 * @param {string} path
 * @param {string} address
 * @param {string} driver
 */
function bind(sys, path, address, driver) {
  const directory = `bus/pci/drivers/${driver}`;
  sys.directory(directory);
  link(sys, `${path}/driver`, directory);
  link(sys, `${directory}/${address}`, path);
}

/**
 * Error counters; correctable ones are all receiver errors, uncorrectable ones none.
 * @param {Tree} sys
 * @param {string} path
 * @param {number} correctable
 */
function writeErrors(sys, path, correctable) {
  const lines = (/** @type {readonly string[]} */ names, /** @type {string} */ total, first = 0) =>
    [...names.map((name, index) => `${name} ${index === 0 ? first : 0}`), `${total} ${first}`, ''].join('\n');
  sys.file(`${path}/aer_dev_correctable`, lines(CORRECTABLE, 'TOTAL_ERR_COR', correctable));
  sys.file(`${path}/aer_dev_nonfatal`, lines(UNCORRECTABLE, 'TOTAL_ERR_NONFATAL'));
  sys.file(`${path}/aer_dev_fatal`, lines(UNCORRECTABLE, 'TOTAL_ERR_FATAL'));
}

/**
 * Thirteen lines, as a kernel with SR-IOV prints them: six BARs, the ROM and six VF windows.
 * @param {PciFunctionPlan} pciFunction
 */
function resourceLines(pciFunction) {
  const lines = Array.from({ length: 13 }, () => [0, 0, 0]);
  for (const bar of pciFunction.bars) {
    lines[bar.line] = [bar.startAddress, bar.startAddress + bar.sizeBytes - 1, bar.flags];
  }
  return lines.map((values) => values.map((value) => hex(value, 16)).join(' ')).join('\n');
}

/** @param {PciFunctionPlan} pciFunction */
function modalias(pciFunction) {
  const part = (/** @type {number} */ value, /** @type {number} */ digits) =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const { vendorId, deviceId, subsystemVendorId, subsystemDeviceId, classCode } = pciFunction;
  return (
    `pci:v${part(vendorId, 8)}d${part(deviceId, 8)}sv${part(subsystemVendorId, 8)}sd${part(subsystemDeviceId, 8)}` +
    `bc${part(classCode >> 16, 2)}sc${part((classCode >> 8) & 0xff, 2)}i${part(classCode & 0xff, 2)}`
  );
}

/**
 * A link inside /sys, relative as the kernel makes them.
 * @param {Tree} sys
 * @param {string} from
 * @param {string} to
 */
function link(sys, from, to) {
  sys.link(from, posix.relative(posix.dirname(from), to));
}

/** @param {number | undefined} generation */
function speed(generation) {
  return generation === undefined ? undefined : LINK_SPEEDS[generation];
}

/**
 * @param {number} value
 * @param {number} digits
 */
function hex(value, digits) {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

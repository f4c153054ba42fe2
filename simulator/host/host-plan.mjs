// @ts-check
/**
 * From a scenario to the plan of its host: the GPUs that the driver shows come from the scenario's `gpus`, everything
 * else from its `host` section (see README.md). Nothing is said twice: which process holds which device node, and
 * which minor number a MIG instance has, follows from the GPUs.
 */
import { usageContentAt } from './hami-shares.mjs';
import { computeInstanceMinor, gpuInstanceMinor } from './mig-capabilities.mjs';
import { pciProfile, placeBars } from './pci-profiles.mjs';
import { qemuProcess } from './virtual-machines.mjs';
import { podContainerOf, processesOf } from './workloads.mjs';

/**
 * @typedef {import('./plan.mjs').HostPlan} HostPlan
 * @typedef {import('./plan.mjs').PciFunctionPlan} PciFunctionPlan
 * @typedef {import('./plan.mjs').HamiContainerPlan} HamiContainerPlan
 */

/**
 * A GPU as the driver shows it while it is bound to it.
 * @typedef {object} VisibleGpu
 * @property {number} minor
 * @property {string} name
 * @property {string} uuid
 * @property {string} vbiosVersion
 * @property {string} address sysfs form
 * @property {number} deviceId 16 bits
 * @property {number} subsystemVendorId
 * @property {number} subsystemDeviceId
 * @property {number} [numaNode] undefined = no affinity known
 * @property {number} [linkGeneration]
 * @property {number} [linkWidth]
 * @property {string} [driver] kernel driver it is bound to; absent = nvidia, empty = none
 * @property {boolean} migEnabled
 * @property {readonly { gpuInstance: number, computeInstance: number }[]} migInstances
 * @property {readonly { pid: number, gpuInstance?: number, computeInstance?: number }[]} processes
 */

/**
 * A GPU that the driver does not see.
 * @typedef {object} HiddenGpuEntry
 * @property {string} address
 * @property {number} deviceId
 * @property {number} [subsystemDeviceId] absent = 0
 * @property {number} [numaNode]
 * @property {string} [driver] `vfio-pci` or another; absent = unbound
 */

/**
 * @typedef {import('./workloads.mjs').WorkloadEntry & { hami?: import('./hami-shares.mjs').HamiEntry }} HostWorkloadEntry
 */

/**
 * The `host` section of a scenario.
 * @typedef {object} HostSection
 * @property {string} hostname
 * @property {string} [kernelRelease]
 * @property {number} [memoryTotalBytes]
 * @property {number} [cpus]
 * @property {number} [numaNodes]
 * @property {boolean} [openKernelModule] absent = true
 * @property {HiddenGpuEntry[]} [hiddenGpus]
 * @property {HostWorkloadEntry[]} [workloads]
 * @property {import('./plan.mjs').VirtualMachinePlan[]} [virtualMachines]
 * @property {import('./captured-files.mjs').CapturedFile[]} [files] of a captured host, laid over the trees
 */

/**
 * What a host is planned from.
 * @typedef {object} HostRecord
 * @property {HostSection} host
 * @property {string} [driverVersion] absent = the nvidia module is not loaded
 * @property {readonly VisibleGpu[]} gpus in NVML's order, also while no module is loaded
 * @property {import('../state/branches.mjs').CapturedDriver} [driver] of a captured host
 */

const NVIDIA = 0x10de;
const NVIDIA_DRIVER = 'nvidia';
const CONTROLLER_3D = 0x030200;
/** Seconds between the boot of the simulated host and the instant its trees show. */
const UPTIME_SECONDS = 864_000;

/**
 * @param {HostRecord} record
 * @param {number} unixSeconds the instant the trees show
 * @returns {HostPlan}
 */
export function planHost(record, unixSeconds) {
  const { host, driverVersion } = record;
  // Without the module the functions are on the bus, unbound, and nobody can hold a device node.
  const gpus = driverVersion === undefined ? [] : record.gpus.filter(isNvidia);
  const workloads = [...(host.workloads ?? []), ...strayWorkloads(host.workloads ?? [], record.gpus)];
  const machines = host.virtualMachines ?? [];
  const functions = [
    ...visibleFunctions(record, (host.hiddenGpus ?? []).length),
    ...hiddenFunctions(host.hiddenGpus ?? [], record.gpus.length),
  ];
  return {
    hostname: host.hostname,
    kernelRelease: host.kernelRelease ?? '6.8.0-85-generic',
    bootId: bootIdOf(host.hostname),
    bootUnixSeconds: Math.floor(unixSeconds) - UPTIME_SECONDS,
    memoryTotalBytes: host.memoryTotalBytes ?? 1_099_511_627_776,
    cpus: host.cpus ?? 128,
    numaNodes: host.numaNodes ?? 2,
    ...(driverVersion === undefined
      ? {}
      : { driver: driverPlan(driverVersion, host.openKernelModule ?? true, record.gpus) }),
    pciFunctions: functions,
    processes: [
      ...workloads.flatMap((workload) => processesOf(workload, (pid) => gpuNodes(pid, gpus))),
      ...machines.map((machine) => qemuProcess(machine, vfioNodes(machine.hostDevices, functions))),
    ],
    virtualMachines: machines,
    podContainers: workloads.flatMap((workload) => podContainerOf(workload) ?? []),
    hamiContainers: hamiContainers(record, unixSeconds),
  };
}

/**
 * The HAMi directories of a scenario at an instant; what `hami <dir> run` rewrites again and again.
 * @param {HostRecord} record
 * @param {number} unixSeconds
 * @returns {HamiContainerPlan[]}
 */
export function hamiContainers(record, unixSeconds) {
  const uuidOf = (/** @type {number} */ index) => uuidAt(record.gpus, index);
  return (record.host.workloads ?? []).flatMap(({ pod, hami }) => {
    if (pod === undefined || hami === undefined) return [];
    const content = usageContentAt(hami, uuidOf, unixSeconds);
    return [
      {
        podUid: pod.uid,
        container: pod.container,
        layout: hami.layout ?? '1.2',
        fileName: cacheNameOf(pod.uid),
        content,
        ...(hami.damage === undefined ? {} : { damage: hami.damage }),
      },
    ];
  });
}

/**
 * Processes on a GPU that the scenario does not tell more about, such as one that was started by a command: somebody
 * works on the console.
 * @param {readonly HostWorkloadEntry[]} workloads
 * @param {readonly VisibleGpu[]} gpus
 * @returns {HostWorkloadEntry[]}
 */
function strayWorkloads(workloads, gpus) {
  const named = new Set(workloads.flatMap(({ processes }) => processes.map(({ pid }) => pid)));
  const pids = new Set(gpus.flatMap(({ processes }) => processes.map(({ pid }) => pid)));
  return [...pids]
    .filter((pid) => !named.has(pid))
    .map((pid) => ({
      session: { user: 1000, number: 1 },
      processes: [{ pid, name: 'python3', arguments: ['/usr/bin/python3', `job-${pid}.py`] }],
    }));
}

/**
 * @param {string} version
 * @param {boolean} openModule
 * @param {readonly VisibleGpu[]} gpus
 */
function driverPlan(version, openModule, gpus) {
  return { version, openModule, gpus: gpus.map((gpu, index) => ({ ...gpu, irq: 181 + 3 * index })).filter(isNvidia) };
}

/** @param {{ driver?: string }} gpu */
function isNvidia({ driver = NVIDIA_DRIVER }) {
  return driver === NVIDIA_DRIVER;
}

/**
 * @param {HostRecord} record
 * @param {number} firstVfioIndex
 * @returns {PciFunctionPlan[]}
 */
function visibleFunctions({ gpus, driverVersion }, firstVfioIndex) {
  return gpus.map(({ driver = NVIDIA_DRIVER, ...gpu }, position) =>
    gpuFunction(position, {
      ...gpu,
      // Without the module its functions are unbound; so is what somebody took from it and gave to nobody.
      ...(driver === '' || (driver === NVIDIA_DRIVER && driverVersion === undefined) ? {} : { driver }),
      ...(driver === 'vfio-pci' ? { vfioIndex: firstVfioIndex + position } : {}),
      numaNode: gpu.numaNode ?? -1,
      correctableErrors: 3 + 4 * position,
    }),
  );
}

/**
 * @param {readonly HiddenGpuEntry[]} entries
 * @param {number} first position of the first on the host
 * @returns {PciFunctionPlan[]}
 */
function hiddenFunctions(entries, first) {
  let vfioIndex = 0;
  return entries.map((entry, index) =>
    gpuFunction(first + index, {
      ...entry,
      subsystemVendorId: NVIDIA,
      subsystemDeviceId: entry.subsystemDeviceId ?? 0,
      numaNode: entry.numaNode ?? -1,
      correctableErrors: 2 + 4 * index,
      ...(entry.driver === 'vfio-pci' ? { vfioIndex: vfioIndex++ } : {}),
    }),
  );
}

/**
 * @param {number} position of the function on the host; IOMMU group and windows follow from it
 * @param {{ address: string, deviceId: number, subsystemVendorId: number, subsystemDeviceId: number, numaNode: number,
 *   driver?: string, linkGeneration?: number, linkWidth?: number, vfioIndex?: number, correctableErrors: number }} gpu
 * @returns {PciFunctionPlan}
 */
function gpuFunction(position, gpu) {
  const profile = pciProfile(gpu.deviceId);
  return {
    address: gpu.address,
    vendorId: NVIDIA,
    deviceId: gpu.deviceId,
    subsystemVendorId: gpu.subsystemVendorId,
    subsystemDeviceId: gpu.subsystemDeviceId,
    classCode: CONTROLLER_3D,
    revision: 0xa1,
    numaNode: gpu.numaNode,
    iommuGroup: 40 + position,
    ...(gpu.driver === undefined ? {} : { driver: gpu.driver }),
    upstreamPort: portAbove(gpu.address),
    linkGeneration: gpu.linkGeneration ?? profile.linkGeneration,
    linkGenerationMax: profile.linkGeneration,
    linkWidth: gpu.linkWidth ?? 16,
    linkWidthMax: 16,
    bars: placeBars(profile, position),
    ...(profile.sriovTotalVfs === undefined ? {} : { sriovTotalVfs: profile.sriovTotalVfs }),
    correctableErrors: gpu.correctableErrors,
    ...(gpu.vfioIndex === undefined ? {} : { vfioIndex: gpu.vfioIndex }),
  };
}

/**
 * Device nodes a CUDA process holds: the control nodes, and per GPU its node or the capabilities of its instance.
 * @param {number} pid
 * @param {readonly VisibleGpu[]} gpus
 */
function gpuNodes(pid, gpus) {
  const nodes = gpus.flatMap((gpu) =>
    gpu.processes
      .filter((process) => process.pid === pid)
      .flatMap(({ gpuInstance, computeInstance }) => [
        `nvidia${gpu.minor}`,
        ...(gpuInstance === undefined ? [] : [`nvidia-caps/nvidia-cap${gpuInstanceMinor(gpu.minor, gpuInstance)}`]),
        ...(gpuInstance === undefined || computeInstance === undefined
          ? []
          : [`nvidia-caps/nvidia-cap${computeInstanceMinor(gpu.minor, gpuInstance, computeInstance)}`]),
      ]),
  );
  return nodes.length === 0 ? [] : [...new Set(['nvidiactl', 'nvidia-uvm', ...nodes])];
}

/**
 * @param {readonly string[]} addresses
 * @param {readonly PciFunctionPlan[]} functions
 * @throws {RangeError} for a device that is not bound to vfio-pci: libvirt would not have started the machine
 */
function vfioNodes(addresses, functions) {
  return addresses.map((address) => {
    const found = functions.find((pciFunction) => pciFunction.address === address);
    if (found?.driver !== 'vfio-pci')
      throw new RangeError(`${address} is given to a virtual machine but not bound to vfio-pci`);
    return `vfio/${found.iommuGroup}`;
  });
}

/**
 * @param {readonly VisibleGpu[]} gpus
 * @param {number} index
 */
function uuidAt(gpus, index) {
  const gpu = gpus[index];
  if (gpu === undefined) throw new RangeError(`a HAMi share names GPU ${index}, the driver shows ${gpus.length} GPUs`);
  return gpu.uuid;
}

/**
 * The root port of a GPU: five buses before it, where the bridges of the board leave room.
 * @param {string} address
 */
function portAbove(address) {
  const [domain = '0000', bus = '00'] = address.split(':');
  const number = Number.parseInt(bus, 16);
  if (number < 6) return `${domain}:00:${number.toString(16).padStart(2, '0')}.0`;
  return `${domain}:${(number - 5).toString(16).padStart(2, '0')}:01.0`;
}

/** @param {string} podUid */
function cacheNameOf(podUid) {
  return `5ca1ab1e-${podUid.slice(9)}`;
}

/** @param {string} hostname */
function bootIdOf(hostname) {
  const digits = Buffer.from(hostname.padEnd(16, '-')).toString('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

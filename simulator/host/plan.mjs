// @ts-check
/**
 * What the simulated host is made of, free of any scenario syntax: host-plan builders read a scenario, tree builders
 * read only this. PCI addresses are in sysfs form (`0000:1b:00.0`); an undefined member is a file that is not there.
 */

/**
 * @typedef {object} BarPlan
 * @property {number} line line of the `resource` file, 0-5
 * @property {number} startAddress
 * @property {number} sizeBytes
 * @property {number} flags as the kernel prints them, e.g. 0x14220c = 64-bit prefetchable
 */

/**
 * One PCI function.
 * @typedef {object} PciFunctionPlan
 * @property {string} address
 * @property {number} vendorId
 * @property {number} deviceId
 * @property {number} subsystemVendorId
 * @property {number} subsystemDeviceId
 * @property {number} classCode 24 bits: class, subclass, programming interface
 * @property {number} revision
 * @property {number} numaNode -1 = no affinity known, as the kernel prints it
 * @property {number} [iommuGroup] undefined = IOMMU off
 * @property {string} [driver] name of the bound driver; undefined = unbound
 * @property {string} upstreamPort address of the root port it hangs on
 * @property {number} [linkGeneration] PCIe generation now
 * @property {number} [linkGenerationMax]
 * @property {number} [linkWidth] lanes now
 * @property {number} [linkWidthMax]
 * @property {readonly BarPlan[]} bars
 * @property {number} [sriovTotalVfs] undefined = no SR-IOV capability
 * @property {number} [sriovVfDeviceId]
 * @property {number} [correctableErrors] AER sum; undefined = no AER capability
 * @property {number} [vfioIndex] N of /dev/vfio/devices/vfioN while bound to vfio-pci
 */

/**
 * One GPU that the nvidia kernel module holds.
 * @typedef {object} DriverGpuPlan
 * @property {string} address
 * @property {number} minor N of /dev/nvidiaN
 * @property {string} name
 * @property {string} uuid
 * @property {string} vbiosVersion
 * @property {number} irq
 * @property {readonly { gpuInstance: number, computeInstance: number }[]} migInstances
 * @property {boolean} migEnabled
 */

/**
 * The loaded nvidia kernel module.
 * @typedef {object} DriverPlan
 * @property {string} version
 * @property {boolean} openModule
 * @property {readonly DriverGpuPlan[]} gpus
 */

/**
 * One process of the simulated host.
 * @typedef {object} ProcessPlan
 * @property {number} pid
 * @property {number} parentPid
 * @property {number} [containerPid] pid inside its PID namespace; undefined = the host's namespace
 * @property {string} name file name of the program; `comm` is cut to 15 characters as the kernel does
 * @property {readonly string[]} arguments
 * @property {Readonly<Record<string, string>>} environment
 * @property {number} userId
 * @property {string} cgroup path in the unified hierarchy
 * @property {number} startSeconds after boot
 * @property {number} residentBytes
 * @property {readonly string[]} deviceNodes open handles, relative to /dev, e.g. `nvidia0`
 * @property {readonly string[]} anonymousHandles open handles without a path, e.g. `anon_inode:[vfio-device]`
 * @property {readonly string[]} threadNames names of threads beside the first
 */

/**
 * One virtual machine that libvirt started.
 * @typedef {object} VirtualMachinePlan
 * @property {string} name
 * @property {string} uuid
 * @property {number} id libvirt's number of the running domain
 * @property {number} pid
 * @property {number} memoryBytes
 * @property {number} virtualCpus
 * @property {readonly string[]} hostDevices PCI addresses
 */

/**
 * One running container of a pod.
 * @typedef {object} PodContainerPlan
 * @property {string} id 64 hexadecimal digits
 * @property {string} sandboxId
 * @property {string} namespace
 * @property {string} pod
 * @property {string} podUid
 * @property {string} container
 * @property {string} cgroup
 * @property {readonly string[]} arguments
 * @property {Readonly<Record<string, string>>} environment
 */

/**
 * One directory below the HAMi root.
 * @typedef {object} HamiContainerPlan
 * @property {string} podUid
 * @property {string} container
 * @property {import('./hami-layouts.mjs').LayoutName} layout
 * @property {string} fileName without `.cache`
 * @property {import('./hami-content.mjs').UsageContent | undefined} content undefined = no process has started yet
 * @property {string} [damage] a kind of hami-damage.mjs
 */

/**
 * @typedef {object} HostPlan
 * @property {string} hostname
 * @property {string} kernelRelease
 * @property {string} bootId
 * @property {number} bootUnixSeconds
 * @property {number} memoryTotalBytes
 * @property {number} cpus
 * @property {number} numaNodes
 * @property {DriverPlan} [driver] undefined = the nvidia module is not loaded
 * @property {readonly PciFunctionPlan[]} pciFunctions
 * @property {readonly ProcessPlan[]} processes
 * @property {readonly VirtualMachinePlan[]} virtualMachines
 * @property {readonly PodContainerPlan[]} podContainers
 * @property {readonly HamiContainerPlan[]} hamiContainers
 */

export {};

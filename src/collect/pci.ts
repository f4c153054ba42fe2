import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PciFunction } from '../model/pci.js';
import { errorsOf } from './pci-errors.js';
import { isGone, linkOf } from './pci-link.js';
import { barsOf } from './pci-resource.js';

const NVIDIA = 0x10de;
/** VGA and 3D controller, exactly (vgpu hosts: all data-centre boards and virtual functions are 3D controllers). */
const DISPLAY_CLASSES: ReadonlySet<number> = new Set([0x030000, 0x030200]);

/** Result of one scan of the PCI bus. */
export interface PciScan {
  readonly functions: readonly PciFunction[];
  /** Names such as `vfio3` of /dev/vfio/devices, by bus id; only functions bound to a VFIO driver have one. */
  readonly vfioDevices: ReadonlyMap<string, string>;
}

/**
 * NVIDIA display and 3D functions in `<sysfs>/bus/pci/devices`. Only files that the PCI core itself answers are read;
 * none of them enters a device's driver, so none can hang with one. `sriov_numvfs` is not among them: it waits for the
 * device's lock (vgpu-sysfs.md §1.4). Throws when the directory cannot be listed.
 */
export async function scanPci(sysfs: string): Promise<PciScan> {
  const root = join(sysfs, 'bus', 'pci', 'devices');
  const found = await Promise.all((await readdir(root)).sort().map((busId) => readFunction(root, busId)));
  const functions = found.flatMap((one) => one ?? []);
  const vfioDevices = new Map<string, string>();
  for (const { busId, driver } of functions) {
    if (driver?.startsWith('vfio') !== true) continue;
    const [name] = await readdir(join(root, busId, 'vfio-dev')).catch(() => []);
    if (name !== undefined) vfioDevices.set(busId, name);
  }
  return { functions, vfioDevices };
}

async function readFunction(root: string, busId: string): Promise<PciFunction | undefined> {
  const folder = join(root, busId);
  const vendorId = await number(folder, 'vendor');
  if (vendorId !== NVIDIA) return undefined;
  const pciClass = await number(folder, 'class');
  if (pciClass === undefined || !DISPLAY_CLASSES.has(pciClass)) return undefined;
  const [deviceId, subsystemVendorId, subsystemDeviceId, numaNode, totalVfs] = await Promise.all(
    ['device', 'subsystem_vendor', 'subsystem_device', 'numa_node', 'sriov_totalvfs'].map((name) =>
      number(folder, name),
    ),
  );
  const [driver, group, physical, resource, runtimeStatus, names] = await Promise.all([
    linkName(join(folder, 'driver')),
    linkName(join(folder, 'iommu_group')),
    linkName(join(folder, 'physfn')),
    text(folder, 'resource'),
    text(folder, 'power/runtime_status'),
    readdir(folder).catch(() => []),
  ]);
  if (deviceId === undefined) return undefined;
  return {
    busId,
    vendorId,
    deviceId,
    subsystemVendorId,
    subsystemDeviceId,
    driver,
    iommuGroup: group === undefined || !/^\d+$/.test(group) ? undefined : Number(group),
    // −1 = the firmware told no affinity.
    numaNode: numaNode === undefined || numaNode < 0 ? undefined : numaNode,
    virtualFunctionOf: physical,
    virtualFunctions: names.filter((name) => /^virtfn\d+$/.test(name)).length,
    virtualFunctionsMax: totalVfs,
    bars: barsOf(resource ?? ''),
    runtimeStatus: runtimeStatus?.trim(),
    ...(await readLink(folder, runtimeStatus?.trim() !== 'suspended')),
  };
}

/** What needs the device awake. Asking a suspended one would wake it, only to be asked. */
async function readLink(
  folder: string,
  awake: boolean,
): Promise<Pick<PciFunction, 'gone' | 'link' | 'errors' | 'portErrors'>> {
  if (!awake) return { gone: false, link: undefined, errors: undefined, portErrors: undefined };
  const port = await realpath(folder).then(dirname, () => undefined);
  const [files, errors, portErrors] = await Promise.all([
    texts(folder, ['current_link_speed', 'max_link_speed', 'current_link_width', 'max_link_width']),
    readErrors(folder),
    port === undefined ? undefined : readErrors(port),
  ]);
  const gone = isGone(files.current_link_width);
  return { gone, link: gone ? undefined : linkOf(files), errors, portErrors };
}

async function readErrors(folder: string) {
  return errorsOf(await texts(folder, ['aer_dev_correctable', 'aer_dev_nonfatal', 'aer_dev_fatal']));
}

async function texts<Name extends string>(
  folder: string,
  names: readonly Name[],
): Promise<Record<Name, string | undefined>> {
  const read = await Promise.all(names.map(async (name) => [name, await text(folder, name)] as const));
  return Object.fromEntries(read) as Record<Name, string | undefined>;
}

async function text(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), 'latin1').catch(() => undefined);
}

async function number(folder: string, name: string): Promise<number | undefined> {
  const read = await text(folder, name);
  const value = read === undefined || read.trim() === '' ? Number.NaN : Number(read.trim());
  return Number.isInteger(value) ? value : undefined;
}

async function linkName(path: string): Promise<string | undefined> {
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? undefined : basename(target);
}

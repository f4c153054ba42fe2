import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PciFunction } from '../model/node-state.js';

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
 * NVIDIA display and 3D functions in `<sysfs>/bus/pci/devices`. Only files that the PCI core keeps in memory are read;
 * none of them enters a driver, so none can hang with one. Throws when the directory cannot be listed.
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
  const vendorId = await number(join(folder, 'vendor'));
  if (vendorId !== NVIDIA) return undefined;
  const pciClass = await number(join(folder, 'class'));
  if (pciClass === undefined || !DISPLAY_CLASSES.has(pciClass)) return undefined;
  const [deviceId, numaNode, driver, group, physical] = await Promise.all([
    number(join(folder, 'device')),
    number(join(folder, 'numa_node')),
    linkName(join(folder, 'driver')),
    linkName(join(folder, 'iommu_group')),
    linkName(join(folder, 'physfn')),
  ]);
  if (deviceId === undefined) return undefined;
  return {
    busId,
    vendorId,
    deviceId,
    driver,
    iommuGroup: group === undefined || !/^\d+$/.test(group) ? undefined : Number(group),
    // −1 = the firmware told no affinity.
    numaNode: numaNode === undefined || numaNode < 0 ? undefined : numaNode,
    virtualFunctionOf: physical,
  };
}

async function number(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'latin1').catch(() => undefined);
  const value = text === undefined ? Number.NaN : Number(text.trim());
  return Number.isInteger(value) ? value : undefined;
}

async function linkName(path: string): Promise<string | undefined> {
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? undefined : basename(target);
}

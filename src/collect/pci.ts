import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
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

/** What of a function never changes while it is there: read when it is first seen. */
type Standing = Pick<
  PciFunction,
  | 'deviceId'
  | 'subsystemVendorId'
  | 'subsystemDeviceId'
  | 'numaNode'
  | 'virtualFunctionOf'
  | 'virtualFunctionsMax'
  | 'bars'
> & {
  /** Number of the folder: another device at the same address has another. */
  readonly inode: number;
  /** Folder of the port above. */
  readonly port: string | undefined;
  readonly maxSpeed: string | undefined;
  readonly maxWidth: string | undefined;
};

/** Error counters of a function and of the port above it. */
type Counted = Pick<PciFunction, 'errors' | 'portErrors'>;

/** Rounds between two readings of error counters: six files for each function, and nobody acts on them within minutes. */
const COUNT_AGAIN_ROUNDS = 4;

/** Rounds after which an address that was none of ours is looked at again: something else may be plugged in there. */
const LOOK_AGAIN_ROUNDS = 10;

/**
 * NVIDIA display and 3D functions in `<sysfs>/bus/pci/devices`. Only files that the PCI core itself answers are read;
 * none of them enters a device's driver, so none can hang with one. `sriov_numvfs` is not among them: it waits for the
 * device's lock (vgpu-sysfs.md §1.4). What does not change is remembered from one scan to the next: each file is a
 * round through the thread pool, and hosts have hundreds of functions that are no GPUs.
 */
export class PciBus {
  private readonly root: string;
  private readonly ours = new Map<string, Standing>();
  /** Addresses of others, and the round in which they were looked at. */
  private readonly others = new Map<string, number>();
  /** Error counters, and the round in which they were read. */
  private readonly counted = new Map<string, Counted & { readonly round: number }>();
  private round = 0;

  constructor(sysfs: string) {
    this.root = join(sysfs, 'bus', 'pci', 'devices');
  }

  /** Looks at the bus. Throws when the directory cannot be listed. */
  async scan(): Promise<PciScan> {
    this.round++;
    const names = (await readdir(this.root)).sort();
    const functions = (await Promise.all(names.map((busId) => this.read(busId)))).flatMap((one) => one ?? []);
    this.forget(new Set(names));
    const vfioDevices = new Map<string, string>();
    for (const { busId, driver } of functions) {
      if (driver?.startsWith('vfio') !== true) continue;
      const [name] = await readdir(join(this.root, busId, 'vfio-dev')).catch(() => []);
      if (name !== undefined) vfioDevices.set(busId, name);
    }
    return { functions, vfioDevices };
  }

  private forget(there: ReadonlySet<string>): void {
    for (const known of [this.ours, this.others, this.counted]) {
      for (const busId of known.keys()) if (!there.has(busId)) known.delete(busId);
    }
  }

  private async read(busId: string): Promise<PciFunction | undefined> {
    const looked = this.others.get(busId);
    if (looked !== undefined && this.round - looked < LOOK_AGAIN_ROUNDS) return undefined;
    const folder = join(this.root, busId);
    const standing = await this.standing(busId, folder);
    if (standing === undefined) return undefined;
    return readFunction(busId, folder, standing, () => this.count(busId, folder, standing));
  }

  private async count(busId: string, folder: string, { port }: Standing): Promise<Counted> {
    const before = this.counted.get(busId);
    if (before !== undefined && this.round - before.round < COUNT_AGAIN_ROUNDS) return before;
    const [errors, portErrors] = await Promise.all([
      readErrors(folder),
      port === undefined ? undefined : readErrors(port),
    ]);
    this.counted.set(busId, { errors, portErrors, round: this.round });
    return { errors, portErrors };
  }

  private async standing(busId: string, folder: string): Promise<Standing | undefined> {
    const known = this.ours.get(busId);
    if (known !== undefined && (await inodeOf(folder)) === known.inode) return known;
    const read = await readStanding(folder);
    if (read === undefined) {
      this.ours.delete(busId);
      this.others.set(busId, this.round);
    } else {
      this.ours.set(busId, read);
      this.others.delete(busId);
      this.counted.delete(busId);
    }
    return read;
  }
}

async function readStanding(folder: string): Promise<Standing | undefined> {
  const vendorId = await number(folder, 'vendor');
  if (vendorId !== NVIDIA) return undefined;
  const pciClass = await number(folder, 'class');
  if (pciClass === undefined || !DISPLAY_CLASSES.has(pciClass)) return undefined;
  const [deviceId, subsystemVendorId, subsystemDeviceId, numaNode, virtualFunctionsMax] = await Promise.all(
    ['device', 'subsystem_vendor', 'subsystem_device', 'numa_node', 'sriov_totalvfs'].map((name) =>
      number(folder, name),
    ),
  );
  const [physical, resource, maxSpeed, maxWidth, inode, port] = await Promise.all([
    linkName(join(folder, 'physfn')),
    text(folder, 'resource'),
    text(folder, 'max_link_speed'),
    text(folder, 'max_link_width'),
    inodeOf(folder),
    realpath(folder).then(dirname, () => undefined),
  ]);
  if (deviceId === undefined || inode === undefined) return undefined;
  return {
    deviceId,
    subsystemVendorId,
    subsystemDeviceId,
    // −1 = the firmware told no affinity.
    numaNode: numaNode === undefined || numaNode < 0 ? undefined : numaNode,
    virtualFunctionOf: physical,
    virtualFunctionsMax,
    bars: barsOf(resource ?? ''),
    inode,
    port,
    maxSpeed,
    maxWidth,
  };
}

async function readFunction(
  busId: string,
  folder: string,
  { inode, port, maxSpeed, maxWidth, ...facts }: Standing,
  count: () => Promise<Counted>,
): Promise<PciFunction> {
  const [driver, group, status, names] = await Promise.all([
    linkName(join(folder, 'driver')),
    linkName(join(folder, 'iommu_group')),
    text(folder, 'power/runtime_status'),
    readdir(folder).catch(() => []),
  ]);
  const runtimeStatus = status?.trim();
  // Asking a suspended device would wake it, only to be asked.
  const awake = runtimeStatus !== 'suspended';
  const [now, { errors, portErrors }] = await Promise.all([
    awake ? texts(folder, ['current_link_speed', 'current_link_width']) : undefined,
    awake ? count() : { errors: undefined, portErrors: undefined },
  ]);
  const gone = isGone(now?.current_link_width);
  return {
    busId,
    vendorId: NVIDIA,
    ...facts,
    driver,
    iommuGroup: group === undefined || !/^\d+$/.test(group) ? undefined : Number(group),
    virtualFunctions: names.filter((name) => /^virtfn\d+$/.test(name)).length,
    runtimeStatus,
    gone,
    link:
      now === undefined || gone ? undefined : linkOf({ ...now, max_link_speed: maxSpeed, max_link_width: maxWidth }),
    errors,
    portErrors,
  };
}

async function inodeOf(folder: string): Promise<number | undefined> {
  return stat(folder).then(
    ({ ino }) => ino,
    () => undefined,
  );
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

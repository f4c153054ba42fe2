import type { SourceState } from '../model/node-state.js';
import type { Addon } from '../native/addon.js';
import { type PciScan, scanPci } from './pci.js';

/** PCI functions and VFIO handles change when somebody binds a driver or starts a machine: rarely. */
const SCAN_SECONDS = 30;

/** Where the bus and its holders are looked for. */
export interface PassthroughOptions {
  readonly addon: Pick<Addon, 'findHolders'>;
  readonly sysfs: string;
  readonly procfs: string;
  /** Called when something was read anew. */
  readonly changed: () => void;
}

/** What is on the bus, and who holds the functions that are given to virtual machines. Read every 30 s. */
export class PassthroughSource {
  scan: PciScan = { functions: [], vfioDevices: new Map() };
  /** Pids by bus id; undefined while nobody looked, which is not done where nothing is passed through. */
  holders: ReadonlyMap<string, readonly number[]> | undefined;
  source: SourceState | undefined;
  private timer: NodeJS.Timeout | undefined;
  private busy = false;

  constructor(private readonly options: PassthroughOptions) {}

  /** Reads once, and then again every 30 s. Does not throw: `source` says what went wrong. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.read(), SCAN_SECONDS * 1000).unref();
    await this.read();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    // A walk of /proc that does not come back must not be joined by another each half minute.
    if (this.busy) return;
    this.busy = true;
    const started = performance.now();
    let message: string | undefined;
    try {
      this.scan = await scanPci(this.options.sysfs);
      this.options.changed();
      const given = this.scan.functions.some(({ driver }) => driver === 'vfio-pci');
      this.holders = given ? await this.findHolders() : undefined;
    } catch (error) {
      message = (error as Error).message;
    }
    this.busy = false;
    const durationSeconds = (performance.now() - started) / 1000;
    this.source = { name: 'pci', ok: message === undefined, durationSeconds, message };
    this.options.changed();
  }

  private async findHolders(): Promise<ReadonlyMap<string, readonly number[]>> {
    // Links in /proc/<pid>/fd name the holder's own /dev, whatever our --path.dev is.
    const handles = await this.options.addon.findHolders(this.options.procfs, ['/dev/vfio/']);
    const holders = new Map<string, readonly number[]>();
    for (const busId of this.scan.functions.map((one) => one.busId)) {
      const nodes = vfioNodes(this.scan, busId);
      const pids = handles.filter(({ target }) => nodes.includes(target)).map(({ pid }) => pid);
      if (pids.length > 0) holders.set(busId, [...new Set(pids)]);
    }
    return holders;
  }
}

/** Device nodes through which a function can be held: its IOMMU group's, and its own with iommufd. */
export function vfioNodes({ functions, vfioDevices }: PciScan, busId: string): readonly string[] {
  const group = functions.find((one) => one.busId === busId)?.iommuGroup;
  const device = vfioDevices.get(busId);
  return [
    ...(group === undefined ? [] : [`/dev/vfio/${group}`, `/dev/vfio/noiommu-${group}`]),
    ...(device === undefined ? [] : [`/dev/vfio/devices/${device}`]),
  ];
}

import type { SourceState } from '../model/node-state.js';
import type { Addon } from '../native/addon.js';
import type { Moment } from './age.js';
import { PciBus, type PciScan } from './pci.js';
import { RoundLog } from './round-log.js';

/** PCI functions and VFIO handles change when somebody binds a driver or starts a machine: rarely. */
const SCAN_SECONDS = 30;
/** Without an answer for so long a round hangs: what it said before is not shown as what is. */
const OLD_SCAN_SECONDS = 2.5 * SCAN_SECONDS;

/** Where the bus and its holders are looked for. */
export interface PassthroughOptions {
  readonly addon: Pick<Addon, 'findHolders'>;
  readonly sysfs: string;
  readonly procfs: string;
  /** Called when something was read anew. */
  readonly changed: () => void;
  /** Seconds that pass while a round hangs, whatever a simulated clock says; default: since the process started. */
  readonly processSeconds?: (() => number) | undefined;
}

interface Round {
  readonly durationSeconds: number;
  readonly message: string | undefined;
}

/** What is on the bus, and who holds the functions that are given to virtual machines. Read every 30 s. */
export class PassthroughSource {
  scan: PciScan = { functions: [], vfioDevices: new Map() };
  private found: ReadonlyMap<string, readonly number[]> | undefined;
  private startedAtSeconds: number | undefined;
  private last: Round | undefined;
  private answeredAtSeconds: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private busy = false;
  private readonly log = new RoundLog();
  private readonly seconds: () => number;
  private readonly pciBus: PciBus;

  constructor(private readonly options: PassthroughOptions) {
    this.pciBus = new PciBus(options.sysfs);
    this.seconds = options.processSeconds ?? (() => performance.now() / 1000);
  }

  /** Reads once, and then again every 30 s. Does not throw: `source` says what went wrong. */
  async start(): Promise<void> {
    this.startedAtSeconds = this.seconds();
    this.timer = setInterval(() => void this.read(), SCAN_SECONDS * 1000).unref();
    await this.read();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /**
   * Pids by bus id; undefined while nobody looked, which is not done where nothing is passed through, and when the last
   * look is too old.
   */
  get holders(): ReadonlyMap<string, readonly number[]> | undefined {
    return this.silentSeconds() > OLD_SCAN_SECONDS ? undefined : this.found;
  }

  /** Whether it answers; undefined before the first round has ended or is overdue, and when it was not started. */
  source(moment: Moment): SourceState | undefined {
    const { last, answeredAtSeconds } = this;
    const silent = this.silentSeconds();
    const hangs = silent > OLD_SCAN_SECONDS;
    if (last === undefined && !hangs) return undefined;
    const hanging =
      hangs && this.busy ? `the round that is under way has not come back for ${Math.round(silent)} s` : undefined;
    return {
      name: 'pci',
      ok: last !== undefined && last.message === undefined && !hangs,
      lastAnswerUnixSeconds:
        answeredAtSeconds === undefined ? undefined : moment.unixSeconds - (this.seconds() - answeredAtSeconds),
      durationSeconds: hanging === undefined ? (last?.durationSeconds ?? 0) : silent,
      message: hanging ?? last?.message ?? (hangs ? 'the last look at the bus is old' : undefined),
      rounds: this.log.rounds(),
    };
  }

  /** Seconds since the last good answer, or since the start; 0 before it. */
  private silentSeconds(): number {
    const since = this.answeredAtSeconds ?? this.startedAtSeconds;
    return since === undefined ? 0 : this.seconds() - since;
  }

  private async read(): Promise<void> {
    // A walk of /proc that does not come back must not be joined by another each half minute.
    if (this.busy) {
      this.log.leftOut('busy');
      return;
    }
    this.busy = true;
    const started = this.seconds();
    let message: string | undefined;
    try {
      this.scan = await this.pciBus.scan();
      this.options.changed();
      const given = this.scan.functions.some(({ driver }) => driver === 'vfio-pci');
      this.found = given ? await this.findHolders() : undefined;
      this.answeredAtSeconds = this.seconds();
    } catch (error) {
      message = (error as Error).message;
    }
    this.busy = false;
    this.last = { durationSeconds: this.seconds() - started, message };
    this.log.ended(this.last.durationSeconds, message === undefined ? undefined : 'failed');
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

import type { KernelLogState } from '../model/fault.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import { type KernelRecord, type KernelXid, kernelFault } from '../model/kernel-log.js';
import type { Clock } from '../native/clock.js';
import type { EventLog } from './events.js';
import { KernelLog } from './kernel-log.js';

/** How the line begins that the kernel module writes when it is loaded. */
const DRIVER_LOADS = 'NVRM: loading NVIDIA UNIX';
/** Records read in one round: the log of a node that has been up for months is taken in over several. */
const RECORDS_PER_ROUND = 2000;
/** How long a fault waits for its GPU to become known, before it is told under the address in the log. */
const WAITING_SECONDS = 60;
/** Faults that wait at most. */
const WAITING_AT_MOST = 1000;

interface Waiting {
  readonly fault: KernelXid;
  readonly atUnixSeconds: number;
  readonly sinceSeconds: number;
}

/** What a kernel log is read for and with. */
export interface KernelFaultsOptions {
  /** The log: `<dev>/kmsg`. */
  readonly path: string;
  readonly clock: Clock;
  readonly startedUnixSeconds: number;
  readonly events: EventLog;
  /** The GPU in a PCI slot, `0000:65:00`; undefined while it is not known. */
  readonly gpuInSlot: (slot: string) => GpuIdentity | undefined;
}

/** Takes the faults of GPUs and NVSwitches out of the kernel log and puts them among the events. */
export class KernelFaults {
  private readonly log: KernelLog;
  private waiting: readonly Waiting[] = [];

  constructor(private readonly options: KernelFaultsOptions) {
    this.log = new KernelLog(options.path, () => options.clock.monotonicSeconds());
  }

  get state(): KernelLogState {
    return this.log.state;
  }

  /** Reads what is new. True when a fault was among it. */
  read(): boolean {
    const records = this.log.read(RECORDS_PER_ROUND);
    let told = false;
    for (const record of records) told = this.take(record) || told;
    return this.tellWaiting() || told;
  }

  close(): void {
    this.log.close();
  }

  private take({ message, monotonicSeconds }: KernelRecord): boolean {
    const isLoading = message.startsWith(DRIVER_LOADS);
    const fault = isLoading ? undefined : kernelFault(message);
    if (!isLoading && fault === undefined) return false;
    const { clock, events } = this.options;
    const nowSeconds = clock.monotonicSeconds();
    const atUnixSeconds = clock.unixSeconds() - Math.max(0, nowSeconds - monotonicSeconds);
    if (fault === undefined) {
      events.faults.recovered({ by: 'driver_load', atUnixSeconds });
      return true;
    }
    if (fault.kind === 'sxid') {
      events.addKernelSxid(fault, atUnixSeconds);
      return true;
    }
    const gpu = this.options.gpuInSlot(fault.pciSlot);
    if (gpu !== undefined) {
      this.tell(fault, gpu, atUnixSeconds);
      return true;
    }
    if (this.waiting.length < WAITING_AT_MOST) {
      this.waiting = [...this.waiting, { fault, atUnixSeconds, sinceSeconds: nowSeconds }];
    }
    return false;
  }

  private tellWaiting(): boolean {
    if (this.waiting.length === 0) return false;
    const now = this.options.clock.monotonicSeconds();
    const before = this.waiting;
    this.waiting = before.filter(({ fault, atUnixSeconds, sinceSeconds }) => {
      const gpu = this.options.gpuInSlot(fault.pciSlot);
      if (gpu === undefined && now - sinceSeconds < WAITING_SECONDS) return true;
      // Every GPU is function 0 of its slot; the log leaves the function out.
      this.tell(fault, gpu ?? { index: undefined, uuid: undefined, pciBusId: `${fault.pciSlot}.0` }, atUnixSeconds);
      return false;
    });
    return this.waiting.length < before.length;
  }

  private tell(fault: KernelXid, gpu: GpuIdentity, atUnixSeconds: number): void {
    const { events, startedUnixSeconds } = this.options;
    events.addKernelXid(fault, gpu, atUnixSeconds, atUnixSeconds >= startedUnixSeconds);
  }
}

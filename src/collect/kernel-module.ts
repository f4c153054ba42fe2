import type { KernelModule } from '../model/node-state.js';
import type { Addon } from '../native/addon.js';
import { withLimit } from './with-limit.js';

const VERSION_BYTES = 4096;
/** Nobody waits longer for it: the file is the driver's own, and a driver can hang. */
const WAIT_SECONDS = 2;

/**
 * Which kernel module the text of /proc/driver/nvidia/version is of: `NVIDIA UNIX Open Kernel Module for x86_64` or
 * `NVIDIA UNIX x86_64 Kernel Module`. Undefined for any other text.
 */
export function kernelModuleOf(text: string): KernelModule | undefined {
  const [line = ''] = text.split('\n', 1);
  if (!/^NVRM version: NVIDIA UNIX .*\bKernel Module\b/.test(line)) return undefined;
  return line.includes('NVIDIA UNIX Open Kernel Module') ? 'open' : 'proprietary';
}

/**
 * Which of its two kernel modules the driver is, read on a thread of its own when the driver begins anew. One read at a
 * time: one that hangs keeps its thread, and no other is begun.
 */
export class KernelModuleSource {
  kind: KernelModule | undefined;
  private reading = false;
  /** Somebody asked during a read: what that one gives may be old. */
  private askedAgain = false;
  private start: string | undefined;

  constructor(
    private readonly addon: Pick<Addon, 'readFiles'>,
    private readonly procfs: string,
    private readonly changed: () => void,
  ) {}

  /** Reads again when `start`, which tells starts of the driver apart, is another than before. */
  startedAs(start: string): void {
    if (start === this.start) return;
    this.start = start;
    void this.read();
  }

  /** Does not throw. Resolves when it is read, or takes too long; what comes later counts all the same. */
  async read(): Promise<void> {
    this.askedAgain = this.reading;
    if (this.reading) return;
    this.reading = true;
    await withLimit(this.readOnce(), WAIT_SECONDS);
  }

  private async readOnce(): Promise<void> {
    const path = `${this.procfs}/driver/nvidia/version`;
    // Threads of our own can be refused: EAGAIN at the limit of tasks.
    const [text] = await this.addon.readFiles([path], VERSION_BYTES).catch(() => []);
    const kind = text === undefined ? undefined : kernelModuleOf(text.toString('latin1'));
    if (kind !== this.kind) this.changed();
    this.kind = kind;
    this.reading = false;
    if (this.askedAgain) await this.read();
  }
}

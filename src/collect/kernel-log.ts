import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { KernelLogState } from '../model/fault.js';
import { type KernelRecord, kernelRecord } from '../model/kernel-log.js';

/** A record is at most 8 KiB (CONSOLE_EXT_LOG_MAX); a read into less fails with EINVAL. */
const BUFFER_BYTES = 32 * 1024;
/** How often a log that cannot be opened is tried again. */
const AGAIN_SECONDS = 60;
/** A line longer than this is no record. */
const LONGEST_LINE = 16 * 1024;

/**
 * Reads `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg of the kernel): from its oldest record on, and never waiting. Each
 * opening has a place of its own in the log, so nobody else misses anything. The reads are synchronous because they
 * cannot block: the file is opened non-blocking and the records lie in memory. A regular file, as a simulated node
 * has it, is read from its beginning on as it grows.
 */
export class KernelLog {
  private fd: number | undefined;
  private unreadable: string | undefined = 'not opened yet';
  private triedAtSeconds = Number.NEGATIVE_INFINITY;
  private lines = 0;
  private overwritten = 0;
  private position = 0;
  private rest = '';
  private isStream: boolean | undefined;
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);

  constructor(
    private readonly path: string,
    private readonly nowSeconds: () => number,
  ) {}

  get state(): KernelLogState {
    return { unreadable: this.unreadable, lines: this.lines, overwritten: this.overwritten };
  }

  /** The records that came since the last call, at most about `most`; the others stay for the next one. */
  read(most: number): readonly KernelRecord[] {
    if (this.fd === undefined && !this.open()) return [];
    const records: KernelRecord[] = [];
    while (records.length < most && this.readOnce(records));
    return records;
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private open(): boolean {
    const now = this.nowSeconds();
    if (now - this.triedAtSeconds < AGAIN_SECONDS) return false;
    this.triedAtSeconds = now;
    try {
      this.fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      this.unreadable = undefined;
      return true;
    } catch (error) {
      this.unreadable = `${this.path}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
      return false;
    }
  }

  /** One read; false when there is nothing more now. */
  private readOnce(records: KernelRecord[]): boolean {
    let bytes: number;
    try {
      bytes = this.readBytes();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return false;
      if (code === 'EPIPE') {
        // The kernel goes on at the oldest record it still has.
        this.overwritten++;
        return true;
      }
      this.unreadable = `${this.path}: ${code ?? (error as Error).message}`;
      this.close();
      return false;
    }
    if (bytes === 0) return false;
    this.take(this.buffer.toString('utf8', 0, bytes), records);
    return true;
  }

  private readBytes(): number {
    const fd = this.fd as number;
    if (this.isStream === true) return readSync(fd, this.buffer, 0, BUFFER_BYTES, null);
    try {
      const bytes = readSync(fd, this.buffer, 0, BUFFER_BYTES, this.position);
      this.position += bytes;
      return bytes;
    } catch (error) {
      // A device has no positions to read at.
      if ((error as NodeJS.ErrnoException).code !== 'ESPIPE') throw error;
      this.isStream = true;
      return readSync(fd, this.buffer, 0, BUFFER_BYTES, null);
    }
  }

  /** A device gives one record at a time; a file gives any number of them, the last perhaps in part. */
  private take(text: string, records: KernelRecord[]): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > LONGEST_LINE) this.rest = '';
    for (const line of lines) {
      // Lines of detail begin with a space.
      if (line === '' || line.startsWith(' ')) continue;
      this.lines++;
      const record = kernelRecord(line);
      if (record !== undefined) records.push(record);
    }
  }
}

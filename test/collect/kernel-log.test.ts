import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from '../../src/collect/events.js';
import { KernelFaults } from '../../src/collect/kernel-faults.js';
import { KernelLog } from '../../src/collect/kernel-log.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gna-kmsg-'));
  path = join(directory, 'kmsg');
});
afterEach(() => rmSync(directory, { recursive: true }));

const line = (sequence: number, message: string, seconds = 10) => `3,${sequence},${seconds * 1e6},-;${message}\n`;

describe('the kernel log', () => {
  it('is read from its oldest record on, and then what is new', () => {
    writeFileSync(path, line(0, 'one') + line(1, 'two'));
    const log = new KernelLog(path, () => 0);
    expect(log.read(100).map(({ message }) => message)).toEqual(['one', 'two']);
    expect(log.read(100)).toEqual([]);
    appendFileSync(path, line(2, 'three'));
    expect(log.read(100)).toEqual([{ sequence: 2, monotonicSeconds: 10, message: 'three' }]);
    expect(log.state).toEqual({ unreadable: undefined, lines: 3, overwritten: 0 });
    log.close();
  });

  it('waits for the rest of a line, and leaves out details and what processes wrote', () => {
    writeFileSync(path, `${line(0, 'one')} SUBSYSTEM=pci\n12,1,5,-;NVRM: Xid (PCI:0000:65:00): 79\n3,2,10000000,-;hal`);
    const log = new KernelLog(path, () => 0);
    expect(log.read(100).map(({ message }) => message)).toEqual(['one']);
    appendFileSync(path, 'f\n');
    expect(log.read(100).map(({ message }) => message)).toEqual(['half']);
    log.close();
  });

  it('that is not there is tried again after a minute, and says so meanwhile', () => {
    let now = 0;
    const log = new KernelLog(path, () => now);
    expect(log.read(100)).toEqual([]);
    expect(log.state.unreadable).toBe(`${path}: ENOENT`);
    writeFileSync(path, line(0, 'one'));
    now = 59;
    expect(log.read(100)).toEqual([]);
    now = 60;
    expect(log.read(100)).toHaveLength(1);
    expect(log.state.unreadable).toBeUndefined();
    log.close();
  });

  it.skipIf(!existsSync('/dev/kmsg'))('of this machine is read without waiting, a record a time', (context) => {
    const log = new KernelLog('/dev/kmsg', () => 0);
    const records = log.read(50);
    if (log.state.unreadable !== undefined) context.skip(`not readable here: ${log.state.unreadable}`);
    expect(records.every(({ message }) => !message.includes('\n'))).toBe(true);
    while (log.read(10_000).length > 0);
    expect(log.read(1)).toEqual([]);
    log.close();
  });
});

describe('faults in the kernel log', () => {
  const GPU = { uuid: 'GPU-a', index: 3, pciBusId: '0000:65:00.0' };
  let now = 100;
  let there = true;
  const open = (events: EventLog) =>
    new KernelFaults({
      path,
      clock: { monotonicSeconds: () => now, unixSeconds: () => 1000 + now },
      startedUnixSeconds: 1050,
      events,
      gpuInSlot: (slot) => (there && slot === '0000:65:00' ? GPU : undefined),
    });
  beforeEach(() => {
    now = 100;
    there = true;
  });

  const XID = 'NVRM: Xid (PCI:0000:65:00): 31, pid=77, name=python, MMU Fault';

  it('are of the GPU in that slot, at the time the kernel says, and name the process', () => {
    writeFileSync(path, line(0, XID, 90));
    const events = new EventLog();
    const faults = open(events);
    expect(faults.read()).toBe(true);
    expect(events.faults.xids).toMatchObject([
      {
        gpuUuid: 'GPU-a',
        gpuIndex: 3,
        xid: 31,
        count: 1,
        lastUnixSeconds: 1090,
        spell: { pids: [77], processName: 'python' },
      },
    ]);
    expect(events.recent).toMatchObject([{ kind: 'xid', code: 31, source: 'kmsg', logText: 'MMU Fault', pid: 77 }]);
    expect(events.historyOf('GPU-a', 3).xids).toEqual([{ xid: 31, count: 1, source: 'kmsg' }]);
    faults.close();
  });

  it('from before the agent started are known, and in no count that begins with it', () => {
    writeFileSync(path, line(0, XID, 40));
    const events = new EventLog();
    const faults = open(events);
    faults.read();
    expect(events.faults.xids).toMatchObject([{ xid: 31, lastUnixSeconds: 1040 }]);
    expect(events.historyOf('GPU-a', 3).xids).toEqual([]);
    faults.close();
  });

  it('wait for their GPU to become known, and after a minute stand under their address', () => {
    there = false;
    writeFileSync(path, line(0, XID, 90));
    const events = new EventLog();
    const faults = open(events);
    expect(faults.read()).toBe(false);
    now = 161;
    expect(faults.read()).toBe(true);
    expect(events.faults.xids).toMatchObject([{ gpuUuid: undefined, pciBusId: '0000:65:00.0' }]);
    faults.close();
  });

  it('that NVML tells too are one, whoever comes first', () => {
    writeFileSync(path, line(0, XID, 99));
    const nvml = (atUnixSeconds: number) => ({
      realtimeNs: atUnixSeconds * 1e9,
      gpuIndex: 3,
      type: 8,
      data: 31,
      gpuInstance: 0xffffffff,
      computeInstance: 0xffffffff,
    });
    const events = new EventLog();
    const faults = open(events);
    faults.read();
    events.add(1, [nvml(1100)] as unknown as Parameters<EventLog['add']>[1], 0, () => 'GPU-a');
    expect(events.faults.xids).toMatchObject([{ count: 1, sources: ['kmsg', 'nvml'] }]);
    expect(events.recent).toHaveLength(1);
    // A second one that only NVML tells is a second one; then the log tells it as well.
    events.add(1, [nvml(1101)] as unknown as Parameters<EventLog['add']>[1], 0, () => 'GPU-a');
    now = 102;
    appendFileSync(path, line(1, XID, 101));
    faults.read();
    expect(events.faults.xids).toMatchObject([{ count: 2 }]);
    expect(events.recent).toHaveLength(2);
    faults.close();
  });

  it('are of another time once the driver was loaded anew', () => {
    writeFileSync(path, line(0, XID, 50) + line(1, 'NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54', 60));
    const events = new EventLog();
    const faults = open(events);
    faults.read();
    expect(events.faults.xids).toMatchObject([{ recovered: { by: 'driver_load', atUnixSeconds: 1060 } }]);
    appendFileSync(path, line(2, XID, 70));
    faults.read();
    expect(events.faults.xids).toMatchObject([{ recovered: undefined, cameAgain: true, spell: { count: 1 } }]);
    faults.close();
  });
});

import { describe, expect, it } from 'vitest';
import {
  ENDED_KEPT_SECONDS,
  hiddenPids,
  MOST_ENDED,
  type Processes,
  WorkloadLedger,
} from '../../src/collect/workload-ledger.js';
import type { Partition } from '../../src/model/partition.js';
import type { GpuSnapshot, ProcessAccountSnapshot } from '../../src/native/addon.js';
import { partition } from '../metrics/states.js';
import { GATHERED_SECONDS, gpuRecord, migInstance } from './records.js';

const GPU = gpuRecord(0).uuid;
const NOBODY = 0xffffffff;

/** A process that was there `seconds` after the first look, since when it has been busy half of the time. */
function account(pid: number, seconds: number, change: Partial<ProcessAccountSnapshot> = {}): ProcessAccountSnapshot {
  return {
    pid,
    gpuInstance: NOBODY,
    computeInstance: NOBODY,
    memoryKnown: true,
    sinceMonotonicNs: 1e9,
    presentMonotonicNs: (GATHERED_SECONDS + seconds) * 1e9,
    busySeconds: seconds / 2,
    observedSeconds: seconds,
    memoryByteSeconds: seconds * 100,
    energyJoules: seconds * 10,
    ...change,
  };
}

/** GPU 0 `seconds` after the first look, at 50 W. */
function record(seconds: number, accounts: readonly ProcessAccountSnapshot[], change: Partial<GpuSnapshot> = {}) {
  const gatheredMonotonicNs = (GATHERED_SECONDS + seconds) * 1e9;
  return gpuRecord(0, { energy_joules_total: 1000 + seconds * 50 }, { gatheredMonotonicNs, accounts, ...change });
}

/** Everybody is there and was started at tick 100 or as given, but those that have ended. */
const byPid = (names: Readonly<Record<number, string>>, ended: readonly number[] = [], started = 100): Processes => ({
  nameOf: (pid) => (names[pid] === undefined ? undefined : { workload: names[pid], startTicks: started }),
  hasEnded: (pid, startTicks) => startTicks !== started || ended.includes(pid),
});

/** Energy of all workloads on GPU 0, and what is nobody's. */
function energyOf(ledger: WorkloadLedger): number {
  const { workloads, unattributed } = ledger.use([]);
  return [...workloads, ...unattributed].reduce((sum, { energyJoules = 0 }) => sum + energyJoules, 0);
}

describe('sums of workloads', () => {
  it('are those of all processes of a workload, and with what nobody used the whole of the energy', () => {
    const ledger = new WorkloadLedger();
    ledger.fold(
      [record(10, [account(1, 10), account(2, 10), account(3, 4)])],
      1,
      byPid({ 1: 'a', 2: 'a', 3: 'b' }),
      77,
    );
    const { workloads, unattributed } = ledger.use([]);
    expect(workloads).toMatchObject([
      { workload: 'a', partition: GPU, gpuIndex: 0, busySeconds: 10, observedSeconds: 20, memoryByteSeconds: 2000 },
      { workload: 'b', busySeconds: 2, energyJoules: 40, sinceUnixSeconds: 77, ended: true },
    ]);
    const all = workloads.reduce((sum, { energyJoules = 0 }) => sum + energyJoules, 0);
    expect(all + (unattributed[0]?.energyJoules ?? 0)).toBe(1500);
  });

  it('never fall, not by a last digit, while some processes of a workload do nothing', () => {
    const ledger = new WorkloadLedger();
    let last = 0;
    for (let second = 1; second <= 500; second++) {
      const works = account(1, second, { busySeconds: Math.floor(second / 3) / 7 });
      const rests = account(2, second, { busySeconds: 1 / 3 });
      ledger.fold([record(second, [works, rests])], 1, byPid({ 1: 'a', 2: 'a' }), 77);
      const [{ busySeconds = 0 } = {}] = ledger.use([]).workloads;
      expect(busySeconds).toBeGreaterThanOrEqual(last);
      last = busySeconds;
    }
    expect(last).toBeCloseTo(166 / 7 + 1 / 3, 9);
  });

  it('go on when a sampler succeeds another, whose accounts begin anew', () => {
    const ledger = new WorkloadLedger();
    const names = byPid({ 1: 'a' });
    ledger.fold([record(10, [account(1, 10)])], 1, names, 0);
    // The successor had been reading for four seconds before it took over.
    const later = (seconds: number, counted: number) =>
      record(seconds, [
        account(1, counted, { sinceMonotonicNs: 2e9, presentMonotonicNs: (GATHERED_SECONDS + seconds) * 1e9 }),
      ]);
    ledger.fold([later(11, 4)], 2, names, 0);
    expect(ledger.use([]).workloads[0]?.busySeconds).toBe(5);
    ledger.fold([later(13, 6)], 2, names, 0);
    expect(ledger.use([]).workloads[0]).toMatchObject({ busySeconds: 6, energyJoules: 120 });
  });

  it.each([
    ['has no accounts', [record(15, [])]],
    ['is missing', []],
  ])('are not counted a second time when a GPU answers again whose record %s', (_, silent) => {
    const ledger = new WorkloadLedger();
    const names = byPid({ 1: 'a' });
    ledger.fold([record(10, [account(1, 10)])], 1, names, 0);
    ledger.fold(silent, 1, names, 0);
    ledger.fold(silent, 1, names, 0);
    ledger.fold([record(20, [account(1, 12)])], 1, names, 0);
    expect(ledger.use([]).workloads).toMatchObject([{ workload: 'a', busySeconds: 6, observedSeconds: 12 }]);
  });

  it('have what a process used before its name was known, and after it had ended', () => {
    const ledger = new WorkloadLedger();
    ledger.fold([record(5, [account(1, 5)])], 1, byPid({}), 0);
    expect(ledger.use([]).workloads).toEqual([]);
    ledger.fold([record(10, [account(1, 10)])], 1, byPid({ 1: 'a' }), 0);
    ledger.fold([record(20, [account(1, 12)])], 1, byPid({}), 0);
    expect(ledger.use([]).workloads).toMatchObject([{ workload: 'a', busySeconds: 6, ended: true }]);
  });

  it('end when the kernel says that the process is gone, although a failing list hides it', () => {
    const ledger = new WorkloadLedger();
    const names = { 1: 'a', 2: 'b' };
    ledger.fold([record(10, [account(1, 10), account(2, 10)])], 1, byPid(names), 0);
    // The sampler cannot tell: both accounts go on to be present.
    const hidden = (seconds: number) =>
      record(
        seconds,
        [1, 2].map((pid) => account(pid, seconds, { busySeconds: 5, energyJoules: 100 })),
      );
    ledger.fold([hidden(20)], 1, byPid(names), 0);
    expect(ledger.use([]).workloads.map(({ ended }) => ended)).toEqual([false, false]);
    ledger.fold([hidden(30)], 1, byPid(names, [1]), 0);
    expect(ledger.use([]).workloads).toMatchObject([
      { workload: 'a', ended: true, busySeconds: 5 },
      { workload: 'b', ended: false },
    ]);
    const late = ENDED_KEPT_SECONDS + 40;
    for (const seconds of [late, late + 1]) ledger.fold([hidden(seconds)], 1, byPid(names, [1]), 0);
    expect(ledger.use([]).workloads).toMatchObject([{ workload: 'b', ended: false }]);
  });

  it("are the next process's from when its pid is seen to be used again, although the account goes on", () => {
    const ledger = new WorkloadLedger();
    ledger.fold([record(10, [account(1, 10)])], 1, byPid({ 1: 'a' }), 0);
    const again = byPid({ 1: 'b' }, [], 200);
    for (let seconds = 20; seconds <= 800; seconds += 10) {
      ledger.fold([record(seconds, [account(1, seconds)])], 1, again, 5);
      // Ten minutes after its end the first is forgotten, with its 100 J.
      const forgotten = seconds > 10 + ENDED_KEPT_SECONDS ? 100 : 0;
      expect(energyOf(ledger)).toBe(1000 + seconds * 50 - forgotten);
    }
    // What was used between the last look at the one and the first at the other, again 100 J, is neither's.
    expect(ledger.use([])).toMatchObject({
      workloads: [{ workload: 'b', ended: false, busySeconds: 390, energyJoules: 7800, sinceUnixSeconds: 5 }],
      unattributed: [{ energyJoules: 41_000 - 100 - 7800 }],
    });
  });

  it('that were forgotten take no energy with them that is still counted for their process', () => {
    const ledger = new WorkloadLedger();
    ledger.fold([record(10, [account(1, 10)])], 1, byPid({ 1: 'a' }), 0);
    const late = ENDED_KEPT_SECONDS + 40;
    ledger.fold([record(late, [account(1, 10)])], 1, byPid({}, [1]), 0);
    expect(ledger.use([]).workloads).toEqual([]);
    const before = energyOf(ledger);
    ledger.fold([record(late + 100, [account(1, 110)])], 1, byPid({}, [1]), 0);
    expect(energyOf(ledger) - before).toBe(100 * 50);
  });

  it('have processes to be asked for that no list names and whose accounts go on', () => {
    const listed = { pid: 1, type: 0, gpuInstance: NOBODY, computeInstance: NOBODY, usedMemoryBytes: 1 };
    const accounts = [account(1, 30), account(2, 30), account(3, 5)];
    expect(hiddenPids(record(30, accounts, { processes: [listed] }))).toEqual([2]);
  });

  it('are kept for ten minutes after the end, of so many workloads at most', () => {
    const ledger = new WorkloadLedger();
    const many = Array.from({ length: MOST_ENDED + 5 }, (_, pid) => account(pid + 1, pid / 1000));
    ledger.fold([record(1, many)], 1, byPid(Object.fromEntries(many.map(({ pid }) => [pid, `w${pid}`]))), 0);
    ledger.fold([record(100, [])], 1, byPid({}), 0);
    expect(ledger.use([]).workloads).toHaveLength(MOST_ENDED);
    expect(ledger.use([]).workloads[0]?.workload).toBe('w6');
    ledger.fold([record(ENDED_KEPT_SECONDS + 2, [])], 1, byPid({}), 0);
    expect(ledger.use([]).workloads).toEqual([]);
  });

  it('name the part of the GPU that a workload is on, and the last one when it is gone', () => {
    const ledger = new WorkloadLedger();
    ledger.fold([record(10, [account(1, 10)])], 1, byPid({ 1: 'a' }), 0);
    const turn: Partition = partition('turn', { kind: 'timeslice', gpuUuid: GPU, gpuIndex: 0, workloads: ['a'] });
    expect(ledger.use([turn]).workloads[0]?.partition).toBe('turn');
    expect(ledger.use([]).workloads[0]?.partition).toBe('turn');
  });

  it('of a process in a MIG instance are of that instance, with no more than its memory', () => {
    const ledger = new WorkloadLedger();
    const inside = account(1, 10, {
      gpuInstance: 2,
      computeInstance: 0,
      busySeconds: 0,
      observedSeconds: 0,
      energyJoules: 0,
    });
    ledger.fold([record(10, [inside], { migInstances: [migInstance(0), migInstance(1)] })], 1, byPid({ 1: 'a' }), 0);
    expect(ledger.use([]).workloads).toMatchObject([
      {
        partition: 'MIG-1',
        busySeconds: undefined,
        observedSeconds: undefined,
        energyJoules: undefined,
        memoryByteSeconds: 1000,
      },
    ]);
  });

  it('say nothing of memory once the driver did not know a process', () => {
    const ledger = new WorkloadLedger();
    const names = byPid({ 1: 'a', 2: 'a' });
    ledger.fold([record(10, [account(1, 10), account(2, 10, { memoryKnown: false })])], 1, names, 0);
    expect(ledger.use([]).workloads[0]?.memoryByteSeconds).toBeUndefined();
  });

  it('take nothing back from what was nobody’s when a process gets its name late', () => {
    const ledger = new WorkloadLedger();
    const unattributed = () => ledger.use([]).unattributed[0]?.energyJoules;
    ledger.fold([record(10, [account(1, 10)])], 1, byPid({}), 0);
    expect(unattributed()).toBe(1500 - 100);
    ledger.fold([record(11, [account(1, 11)])], 1, byPid({ 1: 'a' }), 0);
    expect(ledger.use([]).workloads[0]?.energyJoules).toBe(110);
    expect(unattributed()).toBe(1550 - 110);
  });

  it('keep what was nobody’s while the driver does not tell the counter', () => {
    const ledger = new WorkloadLedger();
    const names = byPid({ 1: 'a' });
    ledger.fold([record(10, [account(1, 10)])], 1, names, 0);
    const silent = gpuRecord(0, {}, { gatheredMonotonicNs: (GATHERED_SECONDS + 15) * 1e9, accounts: [account(1, 15)] });
    ledger.fold([silent], 1, names, 0);
    expect(ledger.use([]).unattributed).toEqual([{ gpuUuid: GPU, energyJoules: 1500 - 100 }]);
    ledger.fold([record(20, [account(1, 20)])], 1, names, 0);
    expect(ledger.use([]).unattributed).toEqual([{ gpuUuid: GPU, energyJoules: 2000 - 200 }]);
  });

  it('begin anew with the energy counter: what of it is attributed counts from there', () => {
    const ledger = new WorkloadLedger();
    const names = byPid({ 1: 'a' });
    ledger.fold([record(10, [account(1, 10)])], 1, names, 0);
    expect(ledger.use([]).unattributed).toEqual([{ gpuUuid: GPU, energyJoules: 1500 - 100 }]);
    ledger.fold([record(20, [account(1, 20)])], 1, names, 0);
    expect(ledger.use([]).unattributed).toEqual([{ gpuUuid: GPU, energyJoules: 2000 - 200 }]);
    const reloaded = gpuRecord(0, { energy_joules_total: 7 }, { gatheredMonotonicNs: (GATHERED_SECONDS + 30) * 1e9 });
    ledger.fold([reloaded], 1, names, 0);
    expect(ledger.use([]).unattributed).toEqual([{ gpuUuid: GPU, energyJoules: 7 }]);
    expect(ledger.use([]).workloads[0]?.energyJoules).toBe(200);
  });
});

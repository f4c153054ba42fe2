import { describe, expect, it } from 'vitest';
import { Collector } from '../../src/collect/collector.js';
import { EventLog } from '../../src/collect/events.js';
import { NOT_JUDGED } from '../../src/model/node-health.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { DRIVER, eventRecord, GATHERED_SECONDS, WATCH } from './records.js';

const UUID = 'GPU-a';
const uuidOf = () => UUID;

const NO_RECORDS = { gpus: () => [], hami: () => undefined };

describe('driver events', () => {
  it('are counted by XID, and others by type', () => {
    const log = new EventLog();
    log.add(
      1,
      [eventRecord(1, 79, 100), eventRecord(2, 13, 101), eventRecord(3, 79, 102), eventRecord(4, 0, 103, 0x100)],
      0,
      uuidOf,
    );
    expect(log.historyOf(UUID, 0)).toEqual({
      xids: [
        { xid: 13, count: 1, source: 'nvml' },
        { xid: 79, count: 2, source: 'nvml' },
      ],
      lastXid: { xid: 79, atUnixSeconds: 102 },
      eventCounts: { mig_config_change: 1 },
    });
    expect(log.recent).toHaveLength(4);
  });

  it.each([
    [0x2, 'double_bit_ecc'],
    [0x80, 'power_source'],
    [0x100, 'mig_config_change'],
    [0x200, 'single_bit_ecc_storm'],
    [0x400, 'dram_retirement'],
    [0x800, 'dram_retirement_failure'],
    [0x1000, 'poison_nonfatal'],
    [0x2000, 'poison_fatal'],
    [0x4000, 'gpu_unavailable'],
    [0x8000, 'recovery_action'],
  ])('of bit %i are called %s', (bit, type) => {
    const log = new EventLog();
    log.add(1, [eventRecord(1, 0, 100, bit)], 0, uuidOf);
    expect(log.historyOf(UUID, 0).eventCounts).toEqual({ [type]: 1 });
  });

  it('told by two samplers during a take-over count once', () => {
    const log = new EventLog();
    log.add(1, [eventRecord(1, 79, 100)], 0, uuidOf);
    log.add(2, [eventRecord(1, 79, 100.6)], 0, uuidOf);
    expect(log.historyOf(UUID, 0).xids).toEqual([{ xid: 79, count: 1, source: 'nvml' }]);
  });

  it('told twice by one sampler within a second are two', () => {
    const log = new EventLog();
    log.add(1, [eventRecord(1, 79, 100), eventRecord(2, 79, 100.2)], 0, uuidOf);
    log.add(2, [eventRecord(1, 79, 100.1), eventRecord(2, 79, 100.3)], 0, uuidOf);
    expect(log.historyOf(UUID, 0).xids[0]?.count).toBe(2);
  });

  it('more than a second apart are two even from two samplers', () => {
    const log = new EventLog();
    log.add(1, [eventRecord(1, 79, 100)], 0, uuidOf);
    log.add(2, [eventRecord(1, 79, 101.5)], 0, uuidOf);
    expect(log.historyOf(UUID, 0).xids[0]?.count).toBe(2);
  });

  it('of an unknown type keep their bit, and the list does not grow for ever', () => {
    const log = new EventLog();
    for (let i = 0; i < 1000; i++) log.add(1, [eventRecord(i + 1, 0, i * 10, 0x10000)], 0, uuidOf);
    expect(log.recent).toHaveLength(256);
    expect(log.historyOf(UUID, 0).eventCounts).toEqual({ type_0x10000: 1000 });
  });

  it('lost ones are counted, and the state says how many', () => {
    const collector = new Collector({
      addon: loadAddon(),
      clock: { monotonicSeconds: () => GATHERED_SECONDS, unixSeconds: () => 1_700_000_000 },
      agent: { version: '0', startedUnixSeconds: 0, pid: 1 },
      sysfs: '/nonexistent',
      procfs: '/nonexistent',
      switchedOff: ['pci', 'processes'],
      cycleSeconds: 1,
      staleAfterSeconds: 10,
      judge: () => ({ findings: [], health: NOT_JUDGED }),
    });
    const snapshot = { driver: DRIVER, watch: WATCH, gpuStates: new Float64Array([-1]), events: [], hami: undefined };
    collector.snapshot({ ...snapshot, eventsLost: 12 }, 1, NO_RECORDS);
    collector.snapshot({ ...snapshot, eventsLost: 3 }, 1, NO_RECORDS);
    expect(collector.current().eventsLost).toBe(15);
    const told = [eventRecord(1, 31, 100), eventRecord(2, 31, 101)];
    collector.snapshot({ ...snapshot, events: told, eventsLost: 0 }, 1, NO_RECORDS);
    expect(collector.current().eventsWaiting).toBe(2);
    collector.snapshot({ ...snapshot, eventsLost: 0 }, 1, NO_RECORDS);
    expect(collector.current().eventsWaiting).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { Collector } from '../../src/collect/collector.js';
import { NOT_JUDGED } from '../../src/model/node-health.js';
import type { GpuSnapshot, HamiSnapshot } from '../../src/native/addon.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { READINGS } from '../../src/native/readings.generated.js';
import { DRIVER, GATHERED_SECONDS, gpuRecord, hamiContainer, migInstance, WATCH } from './records.js';

/** A collector that is told what samplers publish, on a clock that the test moves. */
function told() {
  let seconds = GATHERED_SECONDS;
  const clock = { monotonicSeconds: () => seconds, unixSeconds: () => 1_700_000_000 + seconds };
  const collector = new Collector({
    addon: loadAddon(),
    clock,
    agent: { version: '0', startedUnixSeconds: 0, pid: 1 },
    sysfs: '/nonexistent',
    procfs: '/nonexistent',
    switchedOff: ['pci', 'processes'],
    cycleSeconds: 1,
    staleAfterSeconds: 10,
    judge: () => ({ findings: [], health: NOT_JUDGED }),
  });
  const publish = (gpus: readonly GpuSnapshot[], hami?: HamiSnapshot, generation = 1) =>
    collector.snapshot(
      {
        driver: DRIVER,
        watch: { ...WATCH, tickMonotonicNs: seconds * 1e9 },
        gpuStates: new Float64Array([-1]),
        events: [],
        eventsLost: 0,
      },
      generation,
      { gpus: () => gpus, hami: () => hami },
    );
  const pass = (more: number) => {
    seconds += more;
  };
  return { collector, publish, pass };
}

/** A GPU that the sampler never looked up, of which it knows no more than the address. */
function bare(index: number): GpuSnapshot {
  const status = new Uint8Array(READINGS.length).fill(255);
  return gpuRecord(index, {}, { state: 5, uuid: '', name: '', status, gatheredMonotonicNs: 0 });
}

const sweep: HamiSnapshot = {
  published: 1,
  sweptMonotonicNs: GATHERED_SECONDS * 1e9,
  truncated: false,
  containers: [hamiContainer()],
};

describe('the state of a node', () => {
  it('has HAMi shares as long as the sweep that found them is not old', () => {
    const { collector, publish, pass } = told();
    publish([gpuRecord(0)], sweep);
    expect(collector.current().partitions.filter(({ kind }) => kind === 'share')).toHaveLength(1);
    pass(61);
    publish([gpuRecord(0)]);
    const later = collector.current();
    expect(later.partitions.filter(({ kind }) => kind === 'share')).toEqual([]);
    expect(later.hami).toBeUndefined();
  });

  it('keeps who a GPU is and how it is divided while nobody reads it', () => {
    const { collector, publish } = told();
    const readings = { minor_number: 4, brand: 14, mig_mode_enabled: 1, power_watts: 300, pci_device_id: 0x233010de };
    publish([gpuRecord(0, readings, { migInstances: [migInstance(0)], serial: '165' }), gpuRecord(1)]);
    const before = collector.current();
    expect(before.partitions.map(({ id, kind }) => [id, kind])).toContainEqual(['MIG-0', 'mig']);
    // As a successor with --exclude publishes it when its predecessor's memory is not there.
    publish([bare(0), gpuRecord(1)]);
    const released = collector.current();
    expect(released.gpus[0]).toMatchObject({ condition: 'excluded', uuid: before.gpus[0]?.uuid, serial: '165' });
    expect(released.gpus[0]?.readings.toJSON()).toEqual({
      minor_number: 4,
      brand: 14,
      mig_mode_enabled: 1,
      pci_device_id: 0x233010de,
    });
    expect(collector.deviceNodeOf(0)).toBe('nvidia4');
    const parts = released.partitions.filter(({ gpuIndex }) => gpuIndex === 0);
    expect(parts).toMatchObject([{ id: 'MIG-0', kind: 'mig', memoryUsedBytes: undefined, allocated: undefined }]);
  });

  it('keeps the names of a GPU that is lost, and no memory of its parts', () => {
    const { collector, publish } = told();
    publish([gpuRecord(0, { brand: 14, mig_mode_enabled: 1 }, { migInstances: [migInstance(0)] })]);
    collector.current();
    publish([gpuRecord(0, {}, { state: 2, stateCode: 15, published: 2 })]);
    const [gpu] = collector.current().gpus;
    expect(gpu).toMatchObject({ condition: 'lost' });
    expect(gpu?.readings.get('brand')).toBe(14);
    expect(gpu?.migInstances).toMatchObject([{ uuid: 'MIG-0' }]);
    expect(gpu?.migInstances[0]?.readings.toJSON()).toMatchObject({ multiprocessors: 42 });
    expect(gpu?.migInstances[0]?.readings.absence('memory_used_bytes')).toBe('not_asked');
  });

  it('has no partition of a GPU that never said whether it is divided', () => {
    const { collector, publish } = told();
    publish([bare(0)]);
    expect(collector.current().partitions).toEqual([]);
  });

  it('forgets instances that are gone while the GPU is read', () => {
    const { collector, publish } = told();
    publish([gpuRecord(0, { mig_mode_enabled: 1 }, { migInstances: [migInstance(0)] })]);
    collector.current();
    publish([gpuRecord(0, { mig_mode_enabled: 0 }, { published: 2 })]);
    // A successor takes over before anybody asked.
    publish([bare(0)], undefined, 2);
    expect(collector.current().partitions.map(({ kind }) => kind)).toEqual(['whole']);
  });
});

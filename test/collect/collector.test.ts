import { describe, expect, it } from 'vitest';
import { Collector } from '../../src/collect/collector.js';
import type { GpuSnapshot, HamiSnapshot } from '../../src/native/addon.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { DRIVER, GATHERED_SECONDS, gpuRecord, hamiContainer, WATCH } from './records.js';

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
    readPci: false,
    readProcesses: false,
    cycleSeconds: 1,
    staleAfterSeconds: 10,
    judge: () => [],
  });
  const publish = (gpus: readonly GpuSnapshot[], hami?: HamiSnapshot) =>
    collector.snapshot(
      {
        driver: DRIVER,
        watch: { ...WATCH, tickMonotonicNs: seconds * 1e9 },
        gpuStates: new Float64Array([-1]),
        events: [],
        eventsLost: 0,
        hami,
      },
      1,
      () => gpus,
    );
  const pass = (more: number) => {
    seconds += more;
  };
  return { collector, publish, pass };
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
});

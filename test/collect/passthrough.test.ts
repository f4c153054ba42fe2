import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PassthroughSource } from '../../src/collect/passthrough.js';
import type { DeviceHolder } from '../../src/native/addon.js';

let sysfs: string;
beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), 'passthrough-'));
  const folder = join(sysfs, 'bus/pci/devices/0000:65:00.0');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vendor'), '0x10de\n');
  writeFileSync(join(folder, 'class'), '0x030200\n');
  writeFileSync(join(folder, 'device'), '0x2330\n');
  symlinkSync('/x/drivers/vfio-pci', join(folder, 'driver'));
  symlinkSync('/x/iommu_groups/17', join(folder, 'iommu_group'));
});
afterEach(() => rmSync(sysfs, { recursive: true }));

const moment = { monotonicSeconds: 0, unixSeconds: 1_700_000_000 };

/** A source whose walks of /proc end when the test says so, on a clock that the test moves. */
function held() {
  let seconds = 1000;
  const answers: ((holders: readonly DeviceHolder[]) => void)[] = [];
  const source = new PassthroughSource({
    addon: { findHolders: () => new Promise((resolve) => answers.push(resolve)) },
    sysfs,
    procfs: '/nonexistent',
    changed: () => {},
    processSeconds: () => seconds,
  });
  const pass = (more: number) => {
    seconds += more;
  };
  const walking = async () => {
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return answers.shift() as (holders: readonly DeviceHolder[]) => void;
  };
  return { source, pass, walking };
}

describe('the source of passed-through functions', () => {
  it('shows holders and says when it answered', async () => {
    const { source, pass, walking } = held();
    const started = source.start();
    (await walking())([{ pid: 7, tid: 7, fd: 3, target: '/dev/vfio/17' }]);
    await started;
    pass(20);
    expect(source.holders?.get('0000:65:00.0')).toEqual([7]);
    expect(source.source(moment)).toMatchObject({ ok: true, lastAnswerUnixSeconds: 1_699_999_980, message: undefined });
    source.close();
  });

  it('forgets holders and is not well any more when it stops answering', async () => {
    const { source, pass, walking } = held();
    const started = source.start();
    (await walking())([{ pid: 7, tid: 7, fd: 3, target: '/dev/vfio/17' }]);
    await started;
    pass(76);
    expect(source.holders).toBeUndefined();
    expect(source.source(moment)).toMatchObject({ ok: false, lastAnswerUnixSeconds: 1_699_999_924 });
    source.close();
  });

  it('is not well when its first walk never comes back', async () => {
    const { source, pass, walking } = held();
    void source.start();
    await walking();
    expect(source.source(moment)).toBeUndefined();
    pass(76);
    expect(source.source(moment)).toMatchObject({
      ok: false,
      lastAnswerUnixSeconds: undefined,
      durationSeconds: 76,
      message: 'the round that is under way has not come back for 76 s',
    });
    source.close();
  });
});

import { describe, expect, it } from 'vitest';
import { FaultLog, type HeardXid } from '../../src/collect/fault-log.js';
import { Findings } from '../../src/health/findings.js';
import { WELL } from './judged.js';

const GPU = { uuid: 'GPU-1', index: 1, pciBusId: '0000:65:00.0' };

/** What is found on a node whose log holds these, so long after the first of them. */
function found(heard: readonly Partial<HeardXid>[], { after = 10, recovered = Number.NaN } = {}) {
  const log = new FaultLog();
  for (const one of heard) {
    log.hear({ gpu: GPU, xid: 79, atUnixSeconds: 1000, source: 'kmsg', ...one });
  }
  if (!Number.isNaN(recovered)) log.recovered({ by: 'gpu_reset', atUnixSeconds: recovered }, GPU.uuid);
  const { findings } = new Findings().judge({ ...WELL, atUnixSeconds: 1000 + after, xidFaults: log.xids });
  return findings;
}

describe('an XID', () => {
  it('is a finding of its GPU with a code of its own, evidence and a place where it is explained', () => {
    const [finding, ...others] = found([{ text: 'GPU has fallen off the bus', pid: 7, processName: 'python' }]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: 'xid_79',
      severity: 'critical',
      subject: { kind: 'gpu', id: 'GPU-1' },
      sinceUnixSeconds: 1000,
      docs: 'docs/xid.md#xid-79',
      evidence: { xid: 79, count: 1, pids: '7', process_name: 'python', pci_bus_id: '0000:65:00.0' },
      action: 'reboot_node',
    });
    expect(finding?.reason).toContain('XID 79 on GPU 1: GPU fell off the PCIe bus (once, last 10 s ago');
  });

  it('of a program is information, and over when it has been quiet for an hour', () => {
    const one = [{ xid: 31 }];
    expect(found(one)).toMatchObject([{ code: 'xid_31', severity: 'info', action: 'restart_workload' }]);
    expect(found(one, { after: 3599 })).toHaveLength(1);
    expect(found(one, { after: 3600 })).toEqual([]);
  });

  it('that several processes met points at the hardware', () => {
    const finding = found([
      { xid: 31, pid: 7 },
      { xid: 31, pid: 8, atUnixSeconds: 1005 },
    ])[0];
    expect(finding).toMatchObject({ severity: 'warning', action: 'check_hardware', evidence: { pids: '7 8' } });
    expect(finding?.reason).toContain('it came to several processes');
  });

  it('that asks for a reset stands until the GPU began anew, and is graver when it comes again after that', () => {
    const one = { xid: 48 };
    expect(found([one], { after: 1e6 })).toMatchObject([{ code: 'xid_48', severity: 'critical', action: 'reset_gpu' }]);
    expect(found([one], { after: 100, recovered: 1050 })).toEqual([]);
    const log = new FaultLog();
    const hear = (atUnixSeconds: number) => log.hear({ gpu: GPU, xid: 48, atUnixSeconds, source: 'nvml' });
    hear(1000);
    log.recovered({ by: 'driver_load', atUnixSeconds: 1010 });
    hear(1020);
    const { findings } = new Findings().judge({ ...WELL, atUnixSeconds: 1030, xidFaults: log.xids });
    expect(findings).toMatchObject([{ code: 'xid_48', action: 'replace', sinceUnixSeconds: 1020 }]);
  });

  it('that another one caused is evidence in its finding, not one of its own', () => {
    const codes = (xids: readonly number[]) => found(xids.map((xid) => ({ xid }))).map(({ code }) => code);
    expect(codes([48, 172])).toEqual(['xid_48']);
    expect(codes([79, 45])).toEqual(['xid_79']);
    expect(codes([45])).toEqual(['xid_45']);
  });

  it('154 says what the driver asks for, and is over when it asks for nothing', () => {
    const text = 'GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)';
    expect(found([{ xid: 154, text }])).toMatchObject([{ code: 'xid_154', severity: 'critical', action: 'reset_gpu' }]);
    const back = 'GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)';
    expect(
      found([
        { xid: 154, text },
        { xid: 154, text: back, atUnixSeconds: 1005 },
      ]),
    ).toEqual([]);
  });

  it('no catalogue has is a warning that says so', () => {
    expect(found([{ xid: 4711 }])).toMatchObject([{ code: 'xid_4711', severity: 'warning' }]);
  });
});

it('a fatal SXid of a switch is critical for the node', () => {
  const fault = { device: 'nvswitch3', sxid: 20009, count: 2, firstUnixSeconds: 900, lastUnixSeconds: 990, text: 'x' };
  const judge = (fatal: boolean | undefined, at = 1000) =>
    new Findings().judge({ ...WELL, atUnixSeconds: at, switchFaults: [{ ...fault, fatal }] }).findings;
  expect(judge(true)).toMatchObject([
    { code: 'nvswitch_fault', severity: 'critical', subject: { kind: 'node', id: 'nvswitch3' }, action: 'reboot_node' },
  ]);
  expect(judge(false)).toMatchObject([{ severity: 'warning', action: 'watch' }]);
  expect(judge(false, 5000)).toEqual([]);
  expect(judge(true, 5000)).toHaveLength(1);
});

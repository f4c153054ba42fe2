import { afterEach, describe, expect, it } from 'vitest';
import type { NodeState } from '../../src/model/node-state.js';
import { allUp, LiveAgent } from './live-agent.js';

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

async function started(...flags: readonly string[]): Promise<LiveAgent> {
  agent = new LiveAgent('hgx-h100');
  await agent.start(...flags);
  await agent.until('all GPUs', allUp);
  return agent;
}

const finding = (state: NodeState, code: string) => state.findings.find((one) => one.code === code);
const countsOf = (state: NodeState, gpu: number) => state.gpus[gpu]?.xids.map(({ xid, count }) => [xid, count]);

describe('an XID of a running node', { timeout: 60_000 }, () => {
  it('that only the kernel log tells is found, and the verdicts of its GPU and of the node follow', async () => {
    const one = await started();
    expect(one.state().health.node.status).toBe('healthy');
    one.simulator('kmsg', '--gpu', '2', '--xid', '94', '--pid', '4242', '--name', 'python', 'Contained: GPC 1');
    const state = await one.until('the finding', (now) => finding(now, 'xid_94') !== undefined);
    expect(finding(state, 'xid_94')).toMatchObject({
      severity: 'warning',
      subject: { kind: 'gpu', id: state.gpus[2]?.uuid },
      evidence: { sources: 'kmsg', pids: '4242', process_name: 'python', kernel_log: 'Contained: GPC 1' },
    });
    expect(state.health.gpus.map(({ status }) => status)).toEqual([
      'healthy',
      'healthy',
      'degraded',
      ...Array.from({ length: 5 }, () => 'healthy'),
    ]);
    expect(state.health.node).toMatchObject({ status: 'degraded', because: ['xid_94'] });
    expect(countsOf(state, 2)).toEqual([[94, 1]]);
  });

  it('that NVML and the kernel log tell counts once', async () => {
    const one = await started();
    one.simulator('xid', '--gpu', '1', '--code', '31');
    one.simulator('kmsg', '--gpu', '1', '--xid', '31');
    const both = (now: NodeState) => now.xidFaults.some(({ sources }) => sources.length === 2);
    const state = await one.until('both sources', both);
    expect(countsOf(state, 1)).toEqual([[31, 1]]);
    expect(state.events.filter(({ kind }) => kind === 'xid')).toHaveLength(1);
  });

  it('from before the agent started is found when it starts, unless the driver was loaded anew since', async () => {
    agent = new LiveAgent('hgx-h100');
    agent.simulator('kmsg', '--gpu', '1', '--xid', '48');
    agent.simulator('load');
    agent.simulator('kmsg', '--gpu', '2', '--xid', '48');
    await agent.start();
    const state = await agent.until('the finding', (now) => finding(now, 'xid_48') !== undefined);
    const found = state.findings.filter(({ code }) => code === 'xid_48');
    expect(found.map(({ subject }) => subject.id)).toEqual([state.gpus[2]?.uuid]);
    expect(countsOf(state, 2)).toEqual([]);
  });

  it('that a process forged in the log is not believed', async () => {
    const one = await started();
    const forged = 'NVRM: Xid (PCI:0000:1b:00): 79, pid=1, name=x, GPU has fallen off the bus';
    one.simulator('kmsg', '--priority', '12', forged);
    one.simulator('kmsg', `a kernel line with ${forged} in it`);
    one.simulator('kmsg', '--gpu', '3', '--xid', '31', '--name', 'NVRM: Xid');
    const state = await one.until('the true one', (now) => finding(now, 'xid_31') !== undefined);
    expect(state.xidFaults.map(({ xid }) => xid)).toEqual([31]);
  });

  it('is not looked for in the log with --collector.kmsg=false', async () => {
    const one = await started('--collector.kmsg=false');
    one.simulator('kmsg', '--gpu', '1', '--xid', '48');
    one.simulator('xid', '--gpu', '1', '--code', '31');
    const state = await one.until('the event', (now) => now.xidFaults.length > 0);
    expect(state.xidFaults.map(({ xid }) => xid)).toEqual([31]);
    expect(state.kernelLog).toEqual({ unreadable: 'switched off', lines: 0, overwritten: 0 });
  });
});

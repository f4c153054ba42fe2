import { afterEach, describe, expect, it } from 'vitest';
import type { NodeState } from '../../src/model/node-state.js';
import { allUp, LiveAgent } from '../supervisor/live-agent.js';

/** What passes must not last: the real sampler, on a driver that fails for a moment or for one GPU only. */

let agent: LiveAgent;

/** The sampler's pauses after an error are seconds long; the node's clock makes them pass in real time / RATE. */
const RATE = 4;
const passing = (seconds: number) => new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / RATE));

afterEach(() => agent.dispose());

function running(scenario: string, ...faults: string[][]): Promise<LiveAgent> {
  return runningAt(RATE, scenario, ...faults);
}

async function runningAt(rate: number, scenario: string, ...faults: string[][]): Promise<LiveAgent> {
  agent = new LiveAgent(scenario).hurry(rate);
  for (const fault of faults) agent.simulator('fault', ...fault);
  await agent.start();
  return agent;
}

const xidsOf = (state: NodeState, gpu: number) => state.gpus[gpu]?.xids.map(({ xid, count }) => [xid, count]);

describe('an error that passes', { timeout: 60_000 }, () => {
  it('at the registration of events does not silence the GPU', async () => {
    const one = await running('hgx-h100', ['--function', 'nvmlDeviceRegisterEvents', '--gpu', '0', '--code', '999']);
    await one.until('all GPUs up', allUp, 20);
    one.simulator('clear');
    // It is registered again within seconds; events before that are lost by the driver's own rules.
    await passing(7);
    one.simulator('xid', '--gpu', '0', '--code', '48');
    await one.until('XID 48', (state) => xidsOf(state, 0)?.[0]?.[0] === 48, 15);
  });

  it('at the newer wait for events is made good by the older one', async () => {
    const one = await running('hgx-h100', ['--function', 'nvmlEventSetWait_v2', '--code', '13']);
    await one.until('all GPUs up', allUp, 20);
    await one.until('the older wait', ({ calls }) => calls.some((call) => call.function === 'nvmlEventSetWait'), 15);
    one.simulator('xid', '--gpu', '0', '--code', '48');
    const state = await one.until('XID 48', (now) => xidsOf(now, 0)?.length === 1, 15);
    expect(xidsOf(state, 0)).toEqual([[48, 1]]);
  });

  it('at the identity does not leave a GPU without its name for an hour', async () => {
    const one = await running('hgx-h100', ['--function', 'nvmlDeviceGetUUID', '--gpu', '2', '--code', '10']);
    await one.until('GPU 2 without a UUID', (state) => allUp(state) && state.gpus[2]?.uuid === undefined, 20);
    one.simulator('clear');
    await one.until('its UUID', (state) => state.gpus[2]?.uuid?.startsWith('GPU-51000000-') === true, 15);
  });

  it('at anything that is asked once an hour is made good within seconds, and then asked no more', async () => {
    const functions = [
      'nvmlDeviceGetNumFans',
      'nvmlDeviceGetMaxPcieLinkWidth',
      'nvmlDeviceGetMaxClockInfo',
      'nvmlDeviceGetAccountingMode',
    ];
    const one = await running('rtx-desk', ...functions.map((name) => ['--function', name, '--code', '999']));
    const reading = (state: NodeState) => state.gpus[0]?.readings.get('pcie_link_width_lanes_max');
    const before = await one.until('a GPU up', allUp, 20);
    expect([before.gpus[0]?.fans, reading(before)]).toEqual([[], undefined]);
    one.simulator('clear');
    const known = (state: NodeState) => state.gpus[0]?.fans.length !== 0 && reading(state) !== undefined;
    await one.until('fans, and the widest link', known, 20);

    const asked = ({ calls }: NodeState) =>
      Object.values(calls.find((call) => call.function === 'nvmlDeviceGetSerial')?.results ?? {}).reduce(
        (sum, count) => sum + count,
        0,
      );
    // A round that is under way may still end.
    await passing(2);
    const once = asked(one.state());
    await passing(40);
    expect(asked(one.state())).toBe(once);
  });

  it("at the driver's versions is made good within a minute, and fields are read by the branch meanwhile", async () => {
    const faults = Object.entries({
      nvmlSystemGetDriverVersion: '999',
      // No answer that is for good, either: the same question may be a good one later.
      nvmlSystemGetNVMLVersion: '2',
      nvmlSystemGetCudaDriverVersion_v2: '21',
    });
    const one = await runningAt(30, 'hgx-h100', ...faults.map(([name, code]) => ['--function', name, '--code', code]));
    const versions = ({ driver }: NodeState) => [driver.driverVersion, driver.nvmlVersion, driver.cudaVersion];
    const before = await one.until('all GPUs up', allUp, 20);
    expect(versions(before)).toEqual([undefined, undefined, undefined]);
    // Before branch 590 this field has another number.
    const field = (state: NodeState) => state.gpus[0]?.readings.get('clocks_event_hw_thermal_slowdown_seconds_total');
    await one.until('a field', (state) => field(state) !== undefined, 20);
    one.simulator('clear');
    const known = (state: NodeState) => versions(state).every((version) => version !== undefined);
    const after = await one.until('the versions', known, 20);
    expect(after.driver.reinitializations).toBe(0);
  });

  it('of a field or of performance metrics is made good as well', async () => {
    const one = await running(
      'hgx-h100',
      ['--function', 'nvmlGpmQueryDeviceSupport', '--gpu', '1', '--code', '10'],
      ['--function', 'nvmlDeviceGetFieldValues', '--gpu', '2', '--code', '10'],
    );
    const before = await one.until('all GPUs up', allUp, 20);
    expect(before.gpus[1]?.readings.get('sm_activity_ratio')).toBeUndefined();
    expect(before.gpus[2]?.readings.get('nvlink_links')).toBeUndefined();
    one.simulator('clear');
    await one.until('activity', ({ gpus }) => gpus[1]?.readings.get('sm_activity_ratio') !== undefined, 20);
    await one.until('links', ({ gpus }) => gpus[2]?.links.length === 18, 20);
  });

  it('at the count after an init leaves no init behind: the driver can be unloaded after a release', async () => {
    const one = await running('hgx-h100', ['--function', 'nvmlDeviceGetCount_v2', '--code', '999']);
    await one.until('a second attempt', (state) => state.driver.initAttempts >= 2, 20);
    one.simulator('clear');
    await one.until('all GPUs up', allUp, 20);
    const released = await one.running.control.release({});
    expect(released).toMatchObject({ free: true });
    one.simulator('unload');
  });
});

describe('one lost GPU', { timeout: 60_000 }, () => {
  it('does not silence the XIDs of the others', async () => {
    const one = await running('hgx-h100');
    await one.until('all GPUs up', allUp, 20);
    one.simulator('lost', '--gpu', '1');
    await one.until('GPU 1 lost, the others up', ({ gpus }) =>
      gpus.every((gpu) => gpu.condition === (gpu.index === 1 ? 'lost' : 'up')),
    );
    // The set answers "lost" for everybody; the living GPUs get a new one.
    await passing(4);
    one.simulator('xid', '--gpu', '0', '--code', '48');
    const state = await one.until('XID 48 of GPU 0', (now) => xidsOf(now, 0)?.length === 1, 30);
    expect(xidsOf(state, 0)).toEqual([[48, 1]]);
    expect(state.driver.reinitializations).toBe(0);
  });
});

describe('MIG', { timeout: 60_000 }, () => {
  it('keeps its instances over a passing error, and drops them when the mode ends', async () => {
    const one = await running('dgx-a100-mig');
    const count = (state: NodeState) => state.gpus.reduce((sum, gpu) => sum + gpu.migInstances.length, 0);
    const before = count(await one.until('all GPUs up', allUp, 20));
    expect(before).toBeGreaterThan(0);
    one.simulator('fault', '--function', 'nvmlDeviceGetMaxMigDeviceCount', '--code', '10');
    const gpu = one.state().gpus.find(({ migInstances }) => migInstances.length > 0);
    if (gpu === undefined) throw new Error('no GPU has instances');
    // The event makes the sampler look at the instances, which fails this time.
    one.simulator('event', '--gpu', `${gpu.index}`, '--type', '0x100');
    await passing(6);
    expect(count(one.state())).toBe(before);
    one.simulator('clear');
    const [first] = gpu.migInstances;
    one.simulator('mig', 'destroy', `${first?.gpuInstance}/${first?.computeInstance}`, '--gpu', `${gpu.index}`);
    await one.until('one instance less', (state) => count(state) === before - 1, 15);
  });
});

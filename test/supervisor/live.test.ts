import { closeSync, copyFileSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { collectOnce } from '../../src/agent.js';
import type { NodeState } from '../../src/model/node-state.js';
import { packageRoot } from '../../src/native/package-root.js';
import { allUp, LiveAgent } from './live-agent.js';

// Processes start and end in these tests, on machines that may have other work.

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

async function running(rate = 1): Promise<LiveAgent> {
  const started = new LiveAgent('hgx-h100').hurry(rate);
  agent = started;
  await started.start();
  await started.until('all GPUs up', allUp);
  return started;
}

const activePid = (one: LiveAgent) => one.state().sampling.processes.find(({ role }) => role === 'active')?.pid;
const observed = (one: LiveAgent, index: number) => one.state().gpus[index]?.readings.get('observed_seconds_total');

describe('an agent on a simulated node', () => {
  it('reads all GPUs, says that they are simulated, and leaves no process behind', async () => {
    const one = await running();
    const state = one.state();
    expect(state.gpus).toHaveLength(8);
    expect(state.simulated).toContain('scenario=hgx-h100');
    expect(state.findings.map(({ code }) => code)).toEqual(['simulated_node']);
    for (const gpu of state.gpus) {
      expect(gpu.uuid).toMatch(/^GPU-51000000-/);
      expect(gpu.readings.get('memory_total_bytes')).toBeGreaterThan(0);
    }
    const pid = activePid(one) as number;
    await one.dispose();
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('goes on with the other GPUs when one hangs, and names the call', async () => {
    const one = await running();
    const first = activePid(one);
    one.simulator('fault', '--function', 'nvmlDeviceGetMemoryInfo_v2', '--gpu', '3', '--hang', 'killable');
    const stuck = await one.until('GPU 3 stuck', ({ gpus }) => gpus[3]?.condition === 'stuck');
    expect(stuck.gpus[3]?.conditionReason).toContain('nvmlDeviceGetMemoryInfo_v2');
    const replaced = await one.until('a successor without GPU 3', ({ sampling }) =>
      sampling.processes.some(({ role, excluded }) => role === 'active' && excluded.length === 1),
    );
    expect(activePid(one)).not.toBe(first);
    expect(replaced.gpus.filter(({ condition }) => condition === 'up')).toHaveLength(7);
    for (const gpu of replaced.gpus) if (gpu.index !== 3) expect(gpu.ageSeconds).toBeLessThan(2);
    expect(replaced.findings.find(({ code }) => code === 'gpu_call_stuck')?.subject.id).toBe(replaced.gpus[3]?.uuid);
    expect(replaced.gpus[3]?.readings.get('memory_total_bytes')).toBeUndefined();
  });

  it('says once that the driver hangs when all GPUs do, starts no storm of processes, and heals', async () => {
    const one = await running();
    const first = activePid(one);
    one.simulator('fault', '--hang', 'killable');
    const stalled = await one.until('driver stalled', ({ findings }) =>
      findings.some(({ code }) => code === 'driver_stalled'),
    );
    expect(stalled.findings.filter(({ code }) => code === 'gpu_call_stuck')).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(one.state().sampling.processes.map(({ pid }) => pid)).toEqual([first]);
    one.simulator('clear');
    await one.until(
      'all GPUs up again, and nothing else to say',
      (state) => allUp(state) && state.findings.map(({ code }) => code).join() === 'simulated_node',
      30,
    );
  });

  it('survives the death of its sampler, and counters go on', async () => {
    const one = await running();
    await one.until('a second observed', () => (observed(one, 0) ?? 0) > 1);
    const before = observed(one, 0) as number;
    const pid = activePid(one) as number;
    process.kill(pid, 'SIGKILL');
    await one.until(
      'another sampler',
      (state) => activePid(one) !== pid && activePid(one) !== undefined && allUp(state),
    );
    await one.until('readings again', () => observed(one, 0) !== undefined);
    expect(observed(one, 0)).toBeGreaterThanOrEqual(before);
    expect(one.state().sampling.restarts).toBe(1);
  });

  it('says that nobody reads when its sampler is gone and cannot be started again, and heals', async () => {
    const one = new LiveAgent('t4-hami');
    agent = one;
    const sampler = join(one.directory, 'sampler');
    copyFileSync(join(packageRoot(), 'out', 'native', 'gpu-node-sampler'), sampler);
    await one.start(`--sampler.path=${sampler}`);
    const before = await one.until(
      'all GPUs up and the usage files read',
      (now) => allUp(now) && now.findings.some(({ code }) => code === 'usage_file_refused'),
    );
    renameSync(sampler, `${sampler}.away`);
    process.kill(activePid(one) as number, 'SIGKILL');
    const state = await one.until('nobody reads', ({ sampling }) => sampling.state === 'unavailable');
    expect(state.findings.find(({ code }) => code === 'sampler_unavailable')?.severity).toBe('critical');
    expect(state.driver).toMatchObject({ state: 'unknown', gpuCount: undefined });
    expect(state.gpus.map(({ condition }) => condition)).toContain('stale');
    const nvml = state.sources.find(({ name }) => name === 'nvml');
    expect(nvml?.ok).toBe(false);
    expect(state.atUnixSeconds - (nvml?.lastAnswerUnixSeconds ?? 0)).toBeGreaterThan(3);
    renameSync(`${sampler}.away`, sampler);
    const codes = before.findings.map(({ code }) => code).join();
    await one.until(
      'all GPUs up again, and nothing said that was not said before',
      (now) => allUp(now) && now.sampling.state === 'running' && now.findings.map(({ code }) => code).join() === codes,
      30,
    );
  });

  it('lets go of all GPUs on release within two seconds, and comes back by itself', async () => {
    const one = await running();
    const before = one.state();
    const result = await one.running.control.release({ forSeconds: 2 });
    expect(result).toMatchObject({ gpu: 'all', free: true, remaining: [] });
    expect(result.tookSeconds).toBeLessThan(2);
    const held = await one.running.control.holders('0');
    expect(held.filter(({ role }) => role === 'sampler')).toEqual([]);
    const released = await one.until('released', ({ sampling }) => sampling.state === 'released');
    expect(released.gpus.map(({ uuid }) => uuid)).toEqual(before.gpus.map(({ uuid }) => uuid));
    expect(released.gpus.every(({ condition }) => condition === 'excluded')).toBe(true);
    await one.until('all GPUs up again', allUp);
  });

  it('lets go of one GPU, keeps the rest, and resumes', async () => {
    const one = await running();
    const labels = () => one.state().gpus[2]?.readings.get('pci_subsystem_id');
    const before = labels();
    expect(before).toBeGreaterThan(0);
    const result = await one.running.control.release({ gpu: '2' });
    expect(result).toMatchObject({ gpu: one.state().gpus[2]?.uuid, free: true, untilUnixSeconds: undefined });
    const state = await one.until(
      'the rest up',
      ({ gpus }) => gpus.filter(({ condition }) => condition === 'up').length === 7,
    );
    expect(state.gpus[2]?.conditionReason).toBe('handed back by release');
    // Who else holds it is what one wants to know after a release: the device node is not forgotten.
    const holder = openSync(join(one.config().path.dev, 'nvidia2'), 'r');
    const held = await one.running.control.holders('2').finally(() => closeSync(holder));
    expect(held.map(({ role, paths }) => [role, paths])).toEqual([['agent', [expect.stringMatching(/nvidia2$/)]]]);
    expect(labels()).toEqual(before);
    await expect(one.running.control.resume({ gpu: '1' })).rejects.toMatchObject({ code: 'not_released' });
    await expect(one.running.control.release({ gpu: '99' })).rejects.toMatchObject({ code: 'gpu_unknown' });
    const resumed = await one.running.control.resume({ gpu: '2' });
    expect(resumed).toEqual({ resumed: [result.gpu], stillReleased: [] });
    await one.until('all GPUs up again', allUp);
  });

  it('does not say that nobody holds a GPU whose device node it was never told', async () => {
    const one = new LiveAgent('hgx-h100');
    agent = one;
    one.simulator('fault', '--function', 'nvmlDeviceGetHandleByIndex_v2', '--gpu', '2', '--hang', 'killable');
    await one.start();
    const leftOut = ({ gpus }: NodeState) =>
      gpus.length === 8 && gpus[2]?.condition === 'stuck' && gpus[7]?.condition === 'up';
    const state = await one.until('GPU 2 left out', leftOut, 20);
    expect(state.gpus[2]?.uuid).toBeUndefined();
    expect(state.partitions.map(({ gpuIndex }) => gpuIndex)).not.toContain(2);
    await expect(one.running.control.holders('2')).rejects.toMatchObject({ code: 'unavailable' });
    const beside = await one.running.control.holders('1');
    expect(beside.map(({ role }) => role)).toContain('sampler');
  });

  it('counts an XID once although samplers change around it', async () => {
    const one = await running();
    one.simulator('xid', '--gpu', '1', '--code', '31');
    const xids = () => one.state().gpus[1]?.xids ?? [];
    await one.until('the XID', () => xids().length > 0);
    await one.running.control.release({ gpu: '5' });
    await one.running.control.resume({ gpu: '5' });
    const { driver, sampling } = await one.until('all GPUs up again', allUp);
    expect(sampling.restarts).toBe(2);
    // Each of the three samplers initialised the driver once.
    expect(driver.initAttempts).toBe(3);
    expect(xids()).toEqual([{ xid: 31, count: 1, source: 'nvml' }]);
  });

  it('heals when the driver is unloaded and comes back as another branch', async () => {
    const one = await running(4);
    await one.running.control.release({});
    one.simulator('unload');
    await one.running.control.resume({});
    await one.until('no driver', ({ driver }) => driver.state === 'not_loaded' || driver.state === 'failed', 15);
    one.simulator('load', '--branch', '550');
    const healed = await one.until(
      'the new branch',
      (state) => allUp(state) && state.driver.driverVersion?.startsWith('550') === true,
      20,
    );
    expect(healed.gpus).toHaveLength(8);
  });

  it('says that there is no driver on a node without one, and is otherwise well', async () => {
    const one = new LiveAgent('hgx-h100');
    agent = one;
    await one.start('--nvml.library=/nonexistent/libnvidia-ml.so.1');
    const state = await one.until('library missing', ({ driver }) => driver.state === 'library_missing');
    expect(state.findings.map(({ code }) => code)).toEqual(['driver_missing']);
    await one.until('the bus', ({ pci }) => pci.length === 8);
  });
});

describe('one reading for a command', () => {
  it('gives a whole state', async () => {
    agent = new LiveAgent('t4-hami');
    const state = await collectOnce(agent.config(), 8000);
    expect(allUp(state)).toBe(true);
    expect(state.hami?.files).toBeGreaterThan(0);
    expect(state.partitions.some(({ kind }) => kind === 'share')).toBe(true);
  });

  it('ends at its deadline when the driver hangs, and says which call', async () => {
    agent = new LiveAgent('hgx-h100');
    agent.simulator('fault', '--hang', 'killable');
    const config = agent.config('--sampler.deadline-attach=600ms');
    const started = performance.now();
    const state = await collectOnce(config, 3000);
    // The call never comes back: any end is that of the deadline.
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(state.sampling.stuckCalls[0]).toMatchObject({ lane: 'control', verdict: 'stuck' });
  });
});

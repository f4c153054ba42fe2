import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
// The simulator's own way of putting a thread into uninterruptible sleep.
import {
  createFrozenFilesystem,
  type FrozenFilesystem,
  frozenFilesystemObstacle,
} from '../../simulator/host/frozen-filesystem.mjs';
import { allUp, LiveAgent } from './live-agent.js';

const obstacle = frozenFilesystemObstacle();

describe.skipIf(obstacle !== undefined)(
  `a thread asleep in the driver (state D)${obstacle ? `: ${obstacle}` : ''}`,
  () => {
    let directory: string;
    let frozen: FrozenFilesystem;
    let agent: LiveAgent | undefined;

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'asleep-'));
      frozen = createFrozenFilesystem(directory);
    });
    afterEach(async () => {
      frozen.dispose();
      await agent?.dispose();
      agent = undefined;
      rmSync(directory, { recursive: true, force: true });
    });

    async function asleepOn(gpu: number): Promise<LiveAgent> {
      const one = new LiveAgent('hgx-h100');
      agent = one;
      await one.start();
      await one.until('all GPUs up', allUp);
      frozen.freeze();
      const flags = ['--hang', 'd-state', '--frozen-file', frozen.path('sleeper')];
      one.simulator('fault', '--function', 'nvmlDeviceGetMemoryInfo_v2', '--gpu', String(gpu), ...flags);
      await one.until('a process left asleep', ({ sampling }) =>
        sampling.processes.some(({ role }) => role === 'stuck'),
      );
      return one;
    }

    it('keeps one process and one GPU, not the others, and is named with its wait channel', async () => {
      const one = await asleepOn(3);
      const state = await one.until(
        'the rest up',
        ({ gpus }) => gpus.filter(({ condition }) => condition === 'up').length === 7,
      );
      expect(state.gpus[3]?.condition).toBe('stuck');
      const finding = state.findings.find(({ code }) => code === 'gpu_call_stuck');
      expect(finding?.evidence).toMatchObject({
        thread_state: 'D',
        wchan: expect.any(String),
        function: 'nvmlDeviceGetMemoryInfo_v2',
      });
      frozen.thaw();
      one.simulator('clear');
      await one.until('the sleeper gone', ({ sampling }) => sampling.processes.length === 1);
    });

    it('is what release names when it cannot free a GPU, with every handle it keeps', async () => {
      const one = await asleepOn(3);
      const result = await one.running.control.release({});
      expect(result.free).toBe(false);
      expect(result.tookSeconds).toBeLessThan(2.5);
      const [sleeper] = one.state().sampling.processes.filter(({ role }) => role === 'stuck');
      expect(result.remaining.length).toBeGreaterThan(0);
      for (const handle of result.remaining) {
        expect(handle).toMatchObject({
          pid: sleeper?.pid,
          call: { function: 'nvmlDeviceGetMemoryInfo_v2', gpuIndex: 3, threadState: 'D' },
        });
      }
    });

    it('in every call of a sampler does not hide what its successor reads', async () => {
      const one = new LiveAgent('hgx-h100');
      agent = one;
      await one.start();
      const up = await one.until('all GPUs up', allUp);
      const sleeper = up.sampling.processes[0]?.pid as number;
      frozen.freeze();
      one.simulator('fault', '--pid', String(sleeper), '--hang', 'd-state', '--frozen-file', frozen.path('sleeper'));
      await one.until('driver stalled', ({ findings }) => findings.some(({ code }) => code === 'driver_stalled'));
      await one.running.control.release({});
      await one.running.control.resume({});
      const state = await one.until('all GPUs up again', allUp, 20);
      expect(state.sampling.processes.find(({ pid }) => pid === sleeper)?.role).toBe('stuck');
      // Evidence of what was stays, without a say in how things are.
      expect(state.sampling.stuckCalls.some(({ samplerPid }) => samplerPid === sleeper)).toBe(true);
      expect(state.findings.map(({ code }) => code)).toEqual(['simulated_node']);
      expect(state.gpus[5]?.readings.get('power_watts')).toBeGreaterThan(0);
    });

    it('does not keep the agent from ending', async () => {
      const one = await asleepOn(0);
      const pid = one.state().sampling.processes.find(({ role }) => role === 'stuck')?.pid as number;
      const started = performance.now();
      await one.running.close();
      expect(performance.now() - started).toBeLessThan(2000);
      // Neither dead nor alive: its leader is a zombie without handles, a thread of it is still there. It gets there in
      // its own time, after other calls that are merely slow.
      await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /), { timeout: 10_000 });
      expect(readdirSync(`/proc/${pid}/fd`)).toEqual([]);
      expect(readdirSync(`/proc/${pid}/task`).length).toBeGreaterThan(1);
    });
  },
);

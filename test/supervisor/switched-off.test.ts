import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { collectOnce } from '../../src/agent.js';
import { paint } from '../../src/cli/paint.js';
import { statusLines } from '../../src/cli/status.js';
import { nodeView } from '../../src/http/documents/node.js';
import { isReady } from '../../src/http/readiness.js';
import type { NodeState } from '../../src/model/node-state.js';
import { renderPage } from '../../src/web/page.js';
import { runCommand } from '../cli/surroundings.js';
import { allUp, LiveAgent } from './live-agent.js';

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

async function started(scenario: string, ...flags: readonly string[]): Promise<LiveAgent> {
  agent = new LiveAgent(scenario);
  await agent.start(...flags);
  return agent;
}

const command = async (state: NodeState, ...argv: readonly string[]) =>
  (await runCommand([...argv, '--path.run=/nonexistent', '--web.listen-address=127.0.0.1:0'], { state })).out;

async function metricsOf(one: LiveAgent): Promise<string> {
  return Buffer.from(await one.running.metrics.render('text')).toString();
}

const page = (state: NodeState) => renderPage(nodeView(state), { hostname: 'node', telemetryPath: '/metrics' });

const enabled = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^gpu_agent_collector_enabled\{collector="(\w+)"\} (\d)$/gm)].map((match) => [
      match[1],
      match[2],
    ]),
  );
const sourceNames = ({ sources }: NodeState) => sources.map(({ name }) => name);

describe('with --collector.nvml=false', () => {
  it('the driver is never touched: no handle, no library, and the module can be unloaded', async () => {
    const one = await started('t4-hami', '--no-collector.nvml');
    const { sampling } = await one.until('the sampler', ({ hami }) => hami !== undefined);
    const pids = [process.pid, ...sampling.processes.map(({ pid }) => pid)];
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) {
      const handles = readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
          return '';
        }
      });
      expect(handles.filter((path) => /\/nvidia/.test(path))).toEqual([]);
      expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).not.toContain('libnvidia-ml');
    }
    expect(() => one.simulator('unload')).not.toThrow();
  });

  it('says in every output that the configuration did it, and not that something is missing', async () => {
    const one = await started('t4-hami', '--no-collector.nvml');
    // Nobody is waited for: ready from the start.
    expect(isReady(one.state())).toBe(true);
    const state = await one.until('everything else', ({ hami, pci }) => hami !== undefined && pci.length > 0);
    const text = 'switched off (--collector.nvml=false)';
    expect(state.driver).toMatchObject({ state: 'unused', message: `reading GPUs through NVML is ${text}` });
    expect(state.switchedOff).toEqual(['nvml']);
    expect(sourceNames(state)).not.toContain('nvml');
    // No library is loaded that could tell, and still nothing pretends to be real.
    expect(state.simulated).toBeDefined();
    expect(state.findings.map(({ code }) => code)).toContain('simulated_node');
    expect(state.findings.map(({ code }) => code)).not.toContain('driver_missing');
    for (const name of ['status', 'gpus']) expect(await command(state, name)).toContain(text);
    expect(await command(state, 'status')).not.toMatch(/no NVIDIA driver|released/);
    expect(page(state)).toContain(text);
    const metrics = await metricsOf(one);
    expect(metrics).toMatch(/^gpu_agent_nvml_info\{simulated="true"\} 1$/m);
    expect(enabled(metrics)).toEqual({ nvml: '0', pci: '1', hami: '1', processes: '1', kmsg: '1' });
    expect(metrics).not.toMatch(/^gpu_agent_nvml_initialized|^gpu_agent_collection_success\{collector="nvml"/m);
    await expect(one.running.control.holders('0')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('NVML is switched off'),
    });
  });

  it('HAMi shares are shown, and the one reading of a command does the same', async () => {
    const one = await started('t4-hami', '--no-collector.nvml');
    const shares = ({ partitions }: NodeState) => partitions.filter(({ kind }) => kind === 'share').length;
    const state = await one.until('the shares', (now) => shares(now) > 0);
    const once = await collectOnce(one.config('--no-collector.nvml'), 5000);
    expect(shares(once)).toBe(shares(state));
    expect(once.driver.state).toBe('unused');
    expect(statusLines({ node: nodeView(once), by: 'own reading' }, 200, paint(false)).join('\n')).toContain(
      'switched off',
    );
  });

  it('passed-through functions and who holds them are shown', async () => {
    const one = await started('a100-passthrough', '--no-collector.nvml');
    const state = await one.until(
      'a held function',
      ({ partitions, workloads }) =>
        partitions.some(({ kind, allocated }) => kind === 'passthrough' && allocated === true) && workloads.length > 0,
    );
    const held = state.partitions.find(({ allocated }) => allocated === true);
    const holders = await one.running.control.holders(held?.pciBusId ?? '');
    expect(holders.map(({ role }) => role)).toContain('other');
  });
});

describe('each other source', () => {
  it('hami: no file is looked at', async () => {
    const one = await started('t4-hami', '--no-collector.hami');
    const state = await one.until('all GPUs up', allUp);
    expect(state.hami).toBeUndefined();
    expect(state.partitions.map(({ kind }) => kind)).not.toContain('share');
    expect(state.calls.map((call) => call.function)).not.toContain('hami sweep');
    expect(enabled(await metricsOf(one)).hami).toBe('0');
    expect(await command(state, 'shares')).toContain('switched off (--collector.hami=false)');
    expect(await command(state, 'status')).toContain('switched off by configuration: hami');
  });

  it('pci: the bus is not listed', async () => {
    const one = await started('a100-passthrough', '--no-collector.pci');
    const state = await one.until('the driver', ({ driver }) => driver.state === 'initialized');
    expect(state.pci).toEqual([]);
    expect(sourceNames(state)).not.toContain('pci');
    expect(state.partitions.map(({ kind }) => kind)).not.toContain('passthrough');
    expect(enabled(await metricsOf(one)).pci).toBe('0');
    expect(page(state)).toContain('Switched off by configuration: pci.');
  });

  it('processes: pids without names', async () => {
    const one = await started('t4-hami', '--no-collector.processes');
    const state = await one.until('all GPUs up', allUp);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(state.gpus.flatMap(({ processes }) => processes).length).toBeGreaterThan(0);
    expect(one.state().workloads).toEqual([]);
    expect(sourceNames(one.state())).not.toContain('processes');
    expect(enabled(await metricsOf(one)).processes).toBe('0');
  });
});

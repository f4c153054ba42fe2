import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NodeState } from '../../src/model/node-state.js';
import { allUp, LiveAgent } from './live-agent.js';

// NVML answers 18 where the library and the loaded kernel module are of different versions: a package was upgraded and
// the module not loaded anew, or the other way round. Only another process can load another library.
vi.setConfig({ testTimeout: 90_000 });

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

function node(branch: string): LiveAgent {
  agent = new LiveAgent('hgx-h100', '--branch', branch);
  return agent;
}

const mismatch = ({ driver }: NodeState) => driver.state === 'mismatch';
const reads = (branch: string) => (state: NodeState) =>
  allUp(state) && state.driver.driverVersion?.startsWith(`${branch}.`) === true;
const activePid = ({ sampling }: NodeState) => sampling.processes.find(({ role }) => role === 'active')?.pid;
const codes = ({ findings }: NodeState) => findings.map(({ code }) => code);

describe('a driver that is upgraded below a running agent', () => {
  it('is read by a new process, which loads the new library', async () => {
    const one = node('550');
    await one.start();
    const before = await one.until('all GPUs up', reads('550'));
    one.simulator('load', '--branch', '580');
    const after = await one.until('the new branch', reads('580'), 30);
    expect(activePid(after)).not.toBe(activePid(before));
    expect(after.driver).toMatchObject({
      libraryVersion: '580.65.06',
      moduleVersion: '580.65.06',
      kernelModule: 'open',
      message: undefined,
    });
    expect(after.sampling.restarts).toBeLessThanOrEqual(2);
    expect(codes(after)).toEqual(['simulated_node']);
    expect(after.gpus.map(({ uuid }) => uuid)).toEqual(before.gpus.map(({ uuid }) => uuid));
  });

  it('whose library stays the old one is said with both versions, without a storm of processes, and heals', async () => {
    const one = node('550');
    await one.start();
    await one.until('all GPUs up', reads('550'));
    one.simulator('load', '--branch', '580', '--keep-library');
    const state = await one.until('the mismatch', mismatch, 20);
    expect(state.driver).toMatchObject({
      lastCode: 18,
      libraryVersion: '550.127.08',
      moduleVersion: '580.65.06',
      // What the driver said before is not what is.
      driverVersion: undefined,
      message: 'nvmlInitWithFlags answered 18 (library 550.127.08, kernel module 580.65.06)',
    });
    expect(codes(state)).toEqual(['driver_library_mismatch', 'simulated_node']);
    expect(state.findings[0]).toMatchObject({
      severity: 'warning',
      evidence: { library_version: '550.127.08', kernel_module_version: '580.65.06', nvml_code: 18 },
    });
    expect(state.findings[0]?.nextStep).toMatch(/kernel modules/);
    const restarts = one.state().sampling.restarts;
    await new Promise((resolve) => setTimeout(resolve, 6000));
    const later = one.state();
    // After 1, 2 and 4 s, and ever longer from then on.
    expect(later.sampling.restarts - restarts).toBeLessThanOrEqual(3);
    expect(later.sampling.processes.length).toBeLessThanOrEqual(2);
    expect(codes(later)).toContain('driver_library_mismatch');
    one.simulator('replace-library', '--branch', '580');
    const healed = await one.until('the new branch', reads('580'), 40);
    expect(codes(healed)).toEqual(['simulated_node']);
    expect(healed.gpus).toHaveLength(8);
  });
});

describe('an agent that starts with a library of another version than the loaded module', () => {
  it('says so, is ready, and reads once the module is loaded anew', async () => {
    const one = node('580');
    one.simulator('replace-library', '--branch', '590');
    await one.start();
    const state = await one.until('the mismatch', mismatch);
    expect(codes(state)).toEqual(['driver_library_mismatch', 'simulated_node']);
    expect(state.findings[0]?.evidence).toMatchObject({
      library_version: '590.48.01',
      kernel_module_version: '580.65.06',
    });
    expect(state.gpus).toEqual([]);
    expect(state.simulated).toContain('branch=590');
    await one.until('the bus', ({ pci }) => pci.length === 8);
    // The old process of nobody holds a device: the module can be exchanged while the agent runs.
    one.simulator('unload');
    one.simulator('load', '--branch', '590');
    const healed = await one.until('the new branch', reads('590'), 30);
    expect(codes(healed)).toEqual(['simulated_node']);
  });
});

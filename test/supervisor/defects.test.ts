import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Addon, SpawnedSampler } from '../../src/native/addon.js';
import { nodeClock } from '../../src/native/clock.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { SamplerLink } from '../../src/native/sampler-link.js';
import { samplerFlags, samplerPath } from '../../src/native/sampler-options.js';
import { Supervisor, type SupervisorListener } from '../../src/native/supervisor.js';
import { TIMES } from './fleets.js';
import { LiveAgent } from './live-agent.js';

let node: LiveAgent | undefined;
let supervisor: Supervisor | undefined;
afterEach(async () => {
  await supervisor?.close();
  await node?.dispose();
  supervisor = undefined;
  node = undefined;
});

describe('a defect in what takes snapshots in', () => {
  it('is logged once and costs no sampler', async () => {
    node = new LiveAgent('t4-hami');
    const config = node.config();
    const addon = loadAddon();
    const logged: string[] = [];
    let told = 0;
    const listener: SupervisorListener = {
      snapshot() {
        told++;
        throw new Error('a defect');
      },
    };
    supervisor = new Supervisor(
      {
        addon,
        samplerPath: samplerPath(config),
        flags: samplerFlags(config),
        clock: nodeClock(addon, config.clock.file),
        times: TIMES,
        log: (level, message) => {
          if (level !== 'info') logged.push(message);
        },
      },
      listener,
    );
    supervisor.start();
    const [first] = supervisor.fleet.members;
    await vi.waitFor(() => expect(told).toBeGreaterThan(10), { timeout: 20_000 });
    expect(supervisor.fleet.members.map(({ pid }) => pid)).toEqual([first?.pid]);
    expect(supervisor.fleet.failures).toBe(0);
    expect(logged).toEqual(['defect: a snapshot was not taken in']);
  });
});

describe('a sampler whose memory cannot be opened', () => {
  it('is ended and reaped, and none of its descriptors is kept', async () => {
    node = new LiveAgent('t4-hami');
    const config = node.config();
    const addon = loadAddon();
    const started: SpawnedSampler[] = [];
    // What the addon answers when there is no room to map the memory.
    const short: Addon = Object.assign(Object.create(addon) as Addon, {
      spawnSampler: (options: Parameters<Addon['spawnSampler']>[0]) => {
        const sampler = addon.spawnSampler(options);
        started.push(sampler);
        return sampler;
      },
      openSegment: () => {
        throw Object.assign(new Error('mmap: Cannot allocate memory'), { code: 'ENOMEM' });
      },
    });
    const before = readdirSync('/proc/self/fd').length;
    const options = { path: samplerPath(config), flags: samplerFlags(config), carryFd: undefined };
    expect(() => new SamplerLink(short, options, { wake() {}, hangUp() {} })).toThrow('mmap');
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    const pid = started[0]?.pid as number;
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 });
  });
});

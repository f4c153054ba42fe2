import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { collectOnce } from '../../src/agent.js';
import type { NodeState } from '../../src/model/node-state.js';
import { LiveAgent } from './live-agent.js';

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

const shares = ({ partitions }: NodeState) =>
  partitions.flatMap(({ share }) => (share === undefined ? [] : [`${share.podUid}_${share.container}`])).sort();

const DEADLINE_MILLISECONDS = 8000;

it('usual HAMi directories are found below the root of the host, configured ones beside them', async () => {
  agent = new LiveAgent('t4-hami');
  const before = await collectOnce(agent.config(), DEADLINE_MILLISECONDS);
  expect(new Set(shares(before)).size).toBeGreaterThan(1);
  const configured = join(agent.directory, 'host/hami/containers');
  const usual = join(agent.directory, 'host/usr/local/vgpu/containers');
  mkdirSync(usual, { recursive: true });
  const moved = shares(before)[0] as string;
  renameSync(join(configured, moved), join(usual, moved));
  const after = await collectOnce(agent.config(), DEADLINE_MILLISECONDS);
  expect(shares(after)).toEqual(shares(before));
  expect(after.hami?.directories).toBe(before.hami?.directories);
  // Without the root of the host only the configured directory is left.
  const elsewhere = await collectOnce(agent.config('--path.rootfs=/nonexistent'), DEADLINE_MILLISECONDS);
  expect(shares(elsewhere)).toEqual(shares(before).filter((name) => name !== moved));
});

it('a simulated node points the agent at nothing of the real host', () => {
  agent = new LiveAgent('t4-hami');
  const flags = agent.simulator('flags').split('\n');
  expect(flags.map((flag) => flag.split('=')[0])).toContain('--path.rootfs');
  for (const flag of flags) expect(flag.split('=')[1]).toMatch(new RegExp(`^${agent.directory}/`));
  const { path } = agent.config();
  expect(path.hami.every((root) => root.startsWith(agent?.directory ?? '?'))).toBe(true);
  // Of the host's tree only what the simulator built is there.
  expect(readdirSync(path.rootfs).sort()).toEqual(['dev', 'hami', 'proc', 'run', 'sys', 'var']);
});

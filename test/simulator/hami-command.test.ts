import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Arguments, UsageError } from '../../simulator/cli/arguments.mjs';
import { HAMI, moveUntil } from '../../simulator/cli/hami.mjs';
import { HOST_FOLDERS, moveHamiUsage } from '../../simulator/host/host-record.mjs';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';

const target = ['--pod-uid', '99999999-1111-4111-8111-111111111111', '--container', 'main'];
const serving = '3c1b7a90-5e2d-4f68-b0a4-51000000a005_server';
let root: string;
let node: SimulatedNode;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hami-command-'));
  node = createNode(join(root, 'node'), { scenario: 'mixed', seed: 7, frozenClock: true });
}, 90_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const hami = async (...words: string[]): Promise<string | undefined> =>
  HAMI.run(new Arguments('hami', HAMI.flags, [node.directory, ...words]));
const inContainer = (name: string): string[] => readdirSync(join(node.directory, HOST_FOLDERS.hami, name)).sort();
const usageFile = (name: string): string =>
  join(node.directory, HOST_FOLDERS.hami, name, inContainer(name).find((entry) => entry.endsWith('.cache')) ?? '');

test('a share is added, damaged and removed', async () => {
  const file = await hami('add', ...target, '--gpu', '3', '--limit-bytes', '1073741824', '--layout', 'v0');
  expect(readFileSync(file ?? '').toString('latin1', 56, 96)).toBe('GPU-51000000-0000-4000-8000-000000070004');
  expect(await hami('damage', ...target, '--kind', 'second-cache')).toBe(file);
  expect(inContainer('99999999-1111-4111-8111-111111111111_main')).toHaveLength(3);
  expect(await hami('list')).toContain('\n99999999-1111-4111-8111-111111111111_main: 0-99999999');
  await hami('remove', ...target);
  expect(await hami('list')).not.toContain('99999999');
});

test.each([
  [['add', ...target], /^hami add: --gpu is needed$/],
  [['add', ...target, '--gpu', '9'], /expected an index below 4 or a UUID, got 9/],
  [['add', ...target, '--gpu', '0', '--layout', '2.0'], /expected pre-v0, .*got "2\.0"/],
  [['add', ...target, '--gpu', '0', '--limit-bytes', '4G'], /--limit-bytes: expected a number, got "4G"/],
  [['damage', ...target, '--kind', 'sadness'], /--kind: expected truncated, .*got "sadness"/],
  [['remove', '--pod-uid', '../x', '--container', 'y'], /expected no "\/", got "\.\.\/x"/],
  [['grow'], /^hami: expected list, add, damage, remove, run, got "grow"$/],
  [['run', '--interval-seconds', '0'], /expected more than 0, got 0/],
])('%j cannot be understood', async (words, message) => {
  const refusal = hami(...words);
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.toBeInstanceOf(UsageError);
});

test('a container that is not there cannot be damaged or removed', async () => {
  await expect(hami('damage', ...target, '--kind', 'fifo')).rejects.toThrow(/no container .*"hami DIR list" names/);
  await expect(hami('remove', ...target)).rejects.toThrow(/no container/);
});

test('usage moves in place and within its limit', () => {
  const totals = new Set<bigint>();
  for (let second = 0; second < 37; second++) {
    moveHamiUsage(node.directory, 1_767_225_600 + second);
    const bytes = readFileSync(usageFile(serving));
    const total = bytes.readBigUInt64LE(1856 + 8 + 32);
    expect(total).toBeLessThanOrEqual(bytes.readBigUInt64LE(1600));
    totals.add(total);
  }
  expect(totals.size).toBeGreaterThan(10);
});

test('moving follows the clock of the node until it is told to stop', async () => {
  const stop = new AbortController();
  const ended = moveUntil(node, 0.01, stop.signal);
  const lastKernel = (): bigint => readFileSync(usageFile(serving)).readBigUInt64LE(2_008_912);
  await expect.poll(lastKernel).toBe(1_767_225_599n);
  node.clock({ advanceSeconds: 100 });
  await expect.poll(lastKernel).toBe(1_767_225_699n);
  stop.abort();
  await ended;
});

test('what was removed or damaged is not made again by moving', async () => {
  await hami('damage', '--pod-uid', serving.split('_')[0] ?? '', '--container', 'server', '--kind', 'truncated');
  const before = readFileSync(usageFile(serving));
  moveHamiUsage(node.directory, 1_767_225_700);
  expect(readFileSync(usageFile(serving)).equals(before)).toBe(true);
  await hami('remove', '--pod-uid', serving.split('_')[0] ?? '', '--container', 'server');
  moveHamiUsage(node.directory, 1_767_225_700);
  expect(existsSync(join(node.directory, HOST_FOLDERS.hami, serving))).toBe(false);
});

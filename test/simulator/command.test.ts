import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNode } from '../../simulator/node.mjs';

const command = join(import.meta.dirname, '../../simulator/bin/gpu-node-simulator.mjs');
let directory: string;
let node: string;

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulator-command-'));
  node = join(directory, 'node');
  expect(run('create', node, '--scenario', 'hgx-h100', '--seed', '7', '--frozen-clock')).toMatchObject({ status: 0 });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('a second node in the same place is refused', () => {
  const { status, stderr } = run('create', node, '--scenario', 'hgx-h100');
  expect(status).toBe(1);
  expect(stderr).toMatch(/is not empty/);
});

test('a fault is given a number by which it is cleared', () => {
  const { stdout } = run('fault', node, '--function', 'nvmlInit_v2', '--gpu', '3', '--code', '999');
  expect(openNode(node).read().faults).toMatchObject([{ id: Number(stdout), function: 'nvmlInit_v2', gpu: 3 }]);
  expect(run('clear', node, '--id', stdout).status).toBe(0);
  expect(openNode(node).read().faults).toEqual([]);
});

test('values and loads change', () => {
  expect(run('set', node, 'eccMode=absent', 'temperatureIdleCelsius=-3', '--gpu', '1').status).toBe(0);
  expect(run('profile', node, '10:80', '5:0', '--gpu', '1').status).toBe(0);
  const gpu = openNode(node).read().gpus[1];
  expect(gpu?.attributes.has('eccMode')).toBe(false);
  expect(gpu?.attributes.get('temperatureIdleCelsius')).toBe(-3n);
  expect(gpu?.load).toEqual([
    { seconds: 10, percent: 80 },
    { seconds: 5, percent: 0 },
  ]);
});

test('a GPU is bound to another driver, but not while anybody uses it', () => {
  expect(run('bind', node, '--gpu', '5', '--driver', 'vfio-pci').status).toBe(0);
  expect(
    openNode(node)
      .read()
      .gpus.map(({ driver }) => driver),
  ).toEqual([...Array(5).fill('nvidia'), 'vfio-pci', 'nvidia', 'nvidia']);
  expect(run('show', node).stdout).toMatch(/^gpu 5 .* bound to vfio-pci$/m);
  expect(run('bind', node, '--gpu', '5', '--driver', 'nvidia').status).toBe(0);
  expect(run('show', node).stdout).not.toMatch(/bound to/);
  expect(run('bind', node, '--gpu', '1', '--driver', 'none')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/GPU 1 is in use by process 4101, process 4102/),
  });
});

test.each([
  [['paint', 'x'], 2, /no command "paint"; expected one of: create/],
  [['fault', 'x', '--hang', 'sideways'], 2, /expected killable or d-state, got "sideways"/],
  [['lost', 'x'], 2, /--gpu is needed/],
  [['bind', 'x', '--gpu', '1'], 2, /--driver is needed/],
  [['show', '/nowhere'], 1, /is no simulated node .*make one with "create"/],
  [['create', 'x', '--scenario', 'none'], 1, /no scenario "none"; expected a file or one of: .*hgx-h100/],
])('%j says what was expected', (words, code, message) => {
  const { status, stderr } = run(...words);
  expect(status).toBe(code);
  expect(stderr).toMatch(message);
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';

/** `gpu-node-sampler --capture` on simulated nodes: what it records, and what it does when the driver does not answer. */

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gna-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly record: string;
  readonly [key: string]: unknown;
}

const make = (name: string, scenario: string, branch = '580') =>
  createNode(join(folder, name), { scenario, seed: 3, branch, frozenClock: true });

const flagsOf = (node: SimulatedNode) => [
  ...node.flags().filter((flag) => /^--(nvml\.library|path\.(sysfs|procfs|dev|rootfs)|clock\.file)=/.test(flag)),
  `--hami.root=${join(node.directory, 'host/hami/containers')}`,
];

function capture(node: SimulatedNode, file: string, flags: readonly string[] = []) {
  const result = spawnSync(root('out/native/gpu-node-sampler'), ['--capture', file, ...flagsOf(node), ...flags], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const text = file === '-' ? result.stdout : result.status === 2 ? '' : readFileSync(file, 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return { ...result, lines: lines.map((line) => JSON.parse(line) as Line) };
}

const calls = [
  ...readFileSync(root('native/core/nvml/calls.def'), 'utf8').matchAll(/^CALL\(\w+, +\w+, +"([^"]+)"\)/gm),
].map(([, symbol]) => symbol as string);

describe('a capture', () => {
  const file = join(folder, 'mig.capture');
  const { lines, status, stderr } = capture(make('mig', 'dgx-a100-mig'), file);
  const answers = lines.filter(({ function: name }) => typeof name === 'string');

  test('is whole, says so, and is for its owner alone', () => {
    expect(status).toBe(0);
    expect(lines.at(0)).toMatchObject({ record: 'capture', format: 'gpu-node-capture/1', anonymised: false });
    expect(lines.at(-1)).toMatchObject({ record: 'end', complete: true, lines: lines.length });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stderr).toContain('GPU 8 of 8');
  });

  test('has an answer of every call, or says why it was not asked', () => {
    const library = lines.find(({ record }) => record === 'library') as unknown as { missing: string[] };
    const known = new Set([
      ...answers.map(({ function: name }) => name as string),
      ...Object.keys(lines[0]?.not_asked as object),
      ...library.missing,
      // Only asked where the one before it is not there, or only together with what is recorded.
      'nvmlInit_v2',
      'nvmlInit',
      'nvmlGpmSampleAlloc',
      'nvmlGpmSampleFree',
      'nvmlGpmSampleGet',
      'nvmlGpmMigSampleGet',
      'nvmlGpmMetricsGet',
    ]);
    const asParts = ['nvmlDeviceGetNumFans'];
    const ofFans = calls.filter((name) => name.includes('FanSpeed'));
    // A100 boards have no fans: nothing of one can be asked.
    expect(calls.filter((name) => !known.has(name) && !ofFans.includes(name))).toEqual([]);
    expect(answers.some(({ function: name }) => name === asParts[0])).toBe(true);
  });

  test('asks getters alone', () => {
    for (const { function: name } of answers)
      expect(name).toMatch(/^nvml(InitWithFlags|\w*Get\w+|GpmQueryDeviceSupport)$/);
  });

  test('keeps raw bytes, arguments, codes and times of each GPU and instance', () => {
    const of = (name: string, about: object) =>
      answers.find(
        (line) => line.function === name && Object.entries(about).every(([key, value]) => line[key] === value),
      );
    const name = of('nvmlDeviceGetName', { gpu: 3, mig: 0 }) as unknown as { bytes: string[]; nanoseconds: number[] };
    expect(Buffer.from(name.bytes[0] as string, 'hex').toString()).toMatch(/^NVIDIA A100-SXM4-40GB MIG .*\0$/);
    expect(name.nanoseconds).toHaveLength(3);
    const memory = of('nvmlDeviceGetMemoryInfo_v2', { gpu: 0 }) as unknown as { arguments: number[]; bytes: string[] };
    expect(memory.arguments).toEqual([0x02000028]);
    expect(Buffer.from(memory.bytes[0] as string, 'hex')).toHaveLength(40);
    expect(of('nvmlDeviceGetNumFans', { gpu: 0 })).toMatchObject({ code: 3 });
  });

  test('has the host’s files: module, functions of the bus, device nodes', () => {
    const paths = lines.filter(({ record }) => record === 'file').map(({ root: at, path }) => `${at}:${path}`);
    expect(paths).toContain('procfs:driver/nvidia/version');
    expect(paths.some((path) => /^sysfs:bus\/pci\/devices\/0000:07:00\.0\/current_link_speed$/.test(path))).toBe(true);
    expect(paths).toContain('dev:nvidiactl');
    expect(lines.find(({ record }) => record === 'system')).toHaveProperty('release');
  });

  test('never replaces a file, and leaves none half-written', () => {
    const taken = join(folder, 'taken.capture');
    writeFileSync(taken, 'mine');
    const { status: refused, stderr: why } = capture(make('again', 'rtx-desk'), taken);
    expect(refused).toBe(2);
    expect(why).toContain('is there already');
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => /\.capture\../.test(name))).toEqual([]);
  });
});

test('fans and, of Hopper and newer, activity are in a capture', () => {
  const desk = capture(make('desk', 'rtx-desk'), '-').lines;
  expect(desk.filter(({ function: name }) => name === 'nvmlDeviceGetFanSpeedRPM').length).toBeGreaterThan(1);
  const node = make('hopper', 'h100-confidential');
  node.clock({ rate: 1 });
  const activity = capture(node, '-').lines.find(({ record }) => record === 'activity');
  expect(activity).toMatchObject({ function: 'nvmlGpmMetricsGet', code: 0 });
  expect(activity?.metrics).toHaveLength(332);
});

test('a call that hangs is named, and the other GPUs are there', () => {
  const node = make('hung', 'hgx-h100');
  node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu: 2, hang: 'killable' });
  const { lines, status } = capture(node, '-', ['--deadline-fast-ms=400']);
  expect(status).toBe(4);
  expect(lines.filter(({ record }) => record === 'unfinished')).toEqual([
    expect.objectContaining({ function: 'nvmlDeviceGetPowerUsage', gpu: 2, hangs: true }),
  ]);
  const named = lines.filter(({ function: name }) => name === 'nvmlDeviceGetUUID').map(({ gpu }) => gpu);
  expect(named).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(lines.at(-1)).toMatchObject({ record: 'end', complete: false });
});

test('with two calls asleep no further GPU is tried, and files are recorded all the same', () => {
  const node = make('all-hung', 'hgx-h100');
  node.fault({ function: 'nvmlDeviceGetHandleByIndex_v2', hang: 'killable' });
  const { lines, status } = capture(node, '-', ['--deadline-attach-ms=300']);
  expect(status).toBe(4);
  expect(lines.filter(({ record }) => record === 'unfinished')).toHaveLength(2);
  expect(lines.filter(({ record }) => record === 'left_out')).toHaveLength(6);
  expect(lines.some(({ record, root: at }) => record === 'file' && at === 'procfs')).toBe(true);
});

test('GPUs that are to be left alone are not asked, nor are their files read', () => {
  const node = make('excluded', 'hgx-h100');
  const { lines } = capture(node, '-', ['--exclude=1']);
  expect(lines.filter(({ gpu }) => gpu === 1).map(({ record }) => record)).toEqual(['left_out']);
  const information = lines.filter(({ path }) => /\/information$/.test(String(path)));
  expect(information).toHaveLength(7);
});

test('without a driver the host is recorded and the exit code says so', () => {
  const node = make('unloaded', 'rtx-desk');
  node.unload();
  const { lines, status } = capture(node, '-');
  expect(status).toBe(3);
  expect(lines.find(({ function: name }) => name === 'nvmlInitWithFlags')).toMatchObject({ code: 9 });
  expect(lines.at(-1)).toMatchObject({ record: 'end', complete: true });
});

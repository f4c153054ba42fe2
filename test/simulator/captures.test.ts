import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { importCapture } from '../../simulator/capture/import.mjs';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { parseScenario, scenarioNames } from '../../simulator/state/scenario.mjs';
import { anonymised, captureText, parseCapture } from '../../src/cli/capture-lines.js';

/**
 * There and back: a node is captured, another is made of the capture, and the sampler reads the same from both. What moves
 * with time stands still, since both clocks do; what a load was before the capture is not in it.
 */

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const sampler = root('out/native/gpu-node-sampler');
const folder = mkdtempSync(join(tmpdir(), 'gna-captures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// Nodes are trees of thousands of files: none outlives its test.
afterEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
});
/** Each test makes three nodes; on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const flagsOf = (node: SimulatedNode) =>
  node.flags().filter((flag) => /^--(nvml\.library|path\.(sysfs|procfs|rootfs)|clock\.file)=/.test(flag));

function capture(node: SimulatedNode, name: string): string {
  const file = join(folder, `${name}.capture`);
  execFileSync(sampler, ['--capture', file, ...flagsOf(node)], { stdio: 'ignore', timeout: 60_000 });
  return file;
}

interface Report {
  readonly driver: Record<string, unknown>;
  readonly gpus: { readings: Record<string, number>; gather_seconds?: number }[];
}

/** What the sampler reads, without what is of this run or of the past of a load. */
function read(node: SimulatedNode, before: ReadonlySet<string> = new Set()): Report {
  const flags = ['--once', '--json', '--nvlink-links', '--topology', '--deadline=30000', ...flagsOf(node)];
  const { driver, gpus }: Report = JSON.parse(execFileSync(sampler, flags, { encoding: 'utf8', timeout: 60_000 }));
  for (const gpu of gpus) {
    delete gpu.gather_seconds;
    for (const reading of before) delete gpu.readings[reading];
  }
  const { library_path: _path, simulator: _simulator, ...rest } = driver;
  return { driver: rest, gpus };
}

const PAST = new Set(['utilization_average_ratio', 'utilization_peak_ratio']);
const loadsMove = (name: string) =>
  (
    JSON.parse(readFileSync(root(`simulator/scenarios/${name}.expected.json`), 'utf8')) as {
      gpus: { loadMoves: boolean }[];
    }
  ).gpus.some(({ loadMoves }) => loadMoves);

const make = (name: string, scenario: string, options: object = {}) =>
  createNode(join(folder, name), { scenario, seed: 5, frozenClock: true, ...options });
const remake = (name: string, file: string) =>
  createNode(join(folder, `${name}-again`), { scenario: importCapture(file).scenario, frozenClock: true });

describe.each(scenarioNames())('scenario %s', (name) => {
  test('is read alike after a capture', () => {
    const node = make(name, name);
    const again = remake(name, capture(node, name));
    const past = loadsMove(name) ? PAST : new Set<string>();
    expect(read(again, past)).toEqual(read(node, past));
  });
});

test.each(['a100-mps', 't4-hami', 'dgx-a100-mig'])('so is %s of an anonymised capture, but for names', (scenario) => {
  const node = make('nameless', scenario);
  const file = capture(node, 'nameless');
  writeFileSync(file, captureText(anonymised(parseCapture(readFileSync(file, 'utf8')))));
  const nameless = (report: Report) =>
    JSON.parse(
      JSON.stringify(report, (key, value) => (['uuid', 'serial', 'pid'].includes(key) && value ? 'somebody' : value)),
    );
  const past = loadsMove(scenario) ? PAST : new Set<string>();
  const again = read(remake('nameless', file), past);
  expect(nameless(again)).toEqual(nameless(read(node, past)));
  // With its dash: a number may happen to have these digits.
  expect(JSON.stringify(again)).not.toContain('51000000-');
});

test.each(['535', '590'])('so is a node of branch %s', (branch) => {
  const node = make(`branch-${branch}`, 'h100-confidential', { branch });
  const again = remake(`branch-${branch}`, capture(node, `branch-${branch}`));
  expect(again.read().branch).toBe(branch);
  expect(read(again)).toEqual(read(node));
});

test('functions that the captured library lacks are missing in the replaying one', () => {
  const scenario = parseScenario(readFileSync(root('simulator/scenarios/rtx-desk.yaml'), 'utf8'), 'rtx-desk');
  const node = createNode(join(folder, 'lacking'), {
    scenario: {
      ...scenario,
      driver: {
        branch: '580',
        version: '570.86.15',
        missing: ['nvmlDeviceGetTemperatureV', 'nvmlDeviceGetMemoryInfo_v2'],
      },
    },
    frozenClock: true,
  });
  const first = read(node);
  const whole = read(make('whole', 'rtx-desk')).driver.symbols_missing as number;
  expect(first.driver).toMatchObject({ library_version: '570.86.15', symbols_missing: whole + 2 });
  const file = capture(node, 'lacking');
  const imported = importCapture(file).scenario;
  expect(imported.driver?.missing).toEqual(['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetTemperatureV']);
  expect(read(remake('lacking', file))).toEqual(first);
});

test('what no attribute says is replayed as it was: codes, odd values, files', () => {
  const node = make('odd', 'hgx-h100');
  node.fault({ function: 'nvmlDeviceGetPowerUsage', gpu: 1, code: 999 });
  node.fault({ function: 'nvmlDeviceGetComputeRunningProcesses_v3', gpu: 0, code: 4 });
  const port = join(node.directory, 'host/sys/bus/pci/devices/0000:1b:00.0/max_link_speed');
  writeFileSync(port, '64.0 GT/s PCIe\n');
  const file = capture(node, 'odd');
  // A value as no board of the simulator has it.
  const lines = readFileSync(file, 'utf8').split('\n');
  const changed = lines.map((line) =>
    line.includes('"function":"nvmlDeviceGetFBCStats","gpu":2,')
      ? line.replace(/"bytes":\["[^"]*"\]/, '"bytes":["0102030405060708090a0b0c"]')
      : line,
  );
  expect(changed).not.toEqual(lines);
  writeFileSync(file, changed.join('\n'));
  const { scenario, text } = importCapture(file);
  expect(text).toMatch(/function: nvmlDeviceGetPowerUsage, gpu: 1, code: 999/);
  const again = createNode(join(folder, 'odd-again'), { scenario, frozenClock: true });
  const report = read(again);
  const absent = (gpu: number) => (report.gpus[gpu] as unknown as { absent: Record<string, number> }).absent;
  expect(absent(1).power_watts).toBe(read(node).gpus[1]?.readings.power_watts ?? absent(1).power_watts);
  expect(report.gpus[1]?.readings).not.toHaveProperty('power_watts');
  expect(report.gpus[0]?.readings).not.toHaveProperty('compute_processes');
  expect(report.gpus[2]?.readings.framebuffer_capture_sessions).toBe(0x04030201);
  expect(readFileSync(port.replace('/odd/', '/odd-again/'), 'utf8')).toBe('64.0 GT/s PCIe\n');
});

test('a fault strikes before a recorded answer', () => {
  const node = make('struck', 'rtx-desk');
  node.fault({ function: 'nvmlDeviceGetPowerUsage', code: 999 });
  const again = remake('struck', capture(node, 'struck'));
  again.lose(0);
  expect(read(again).gpus[0]).toMatchObject({ condition: 'lost' });
});

test('what slow calls took is in the scenario, and quick ones are not', () => {
  const node = make('slow', 'rtx-desk', { callLatency: { nvmlDeviceGetPowerUsage: 3000 } });
  const latency = importCapture(capture(node, 'slow')).scenario.callLatency ?? {};
  expect(latency.nvmlDeviceGetPowerUsage).toBeGreaterThanOrEqual(3000);
});

test('the import is a scenario in YAML that create takes, also at once from the capture', () => {
  const file = capture(make('yaml', 'dgx-a100-mig'), 'yaml');
  const simulator = root('simulator/bin/gpu-node-simulator.mjs');
  const text = execFileSync(process.execPath, [simulator, 'import', file, '--name', 'ours'], { encoding: 'utf8' });
  const yaml = join(folder, 'ours.yaml');
  writeFileSync(yaml, text);
  expect(parseScenario(text, yaml)).toMatchObject({ name: 'ours', driver: { branch: '580' } });
  execFileSync(process.execPath, [simulator, 'create', join(folder, 'from-yaml'), '--scenario', yaml]);
  execFileSync(process.execPath, [simulator, 'create', join(folder, 'from-capture'), '--capture', file]);
  const both = spawnSync(process.execPath, [
    simulator,
    'create',
    join(folder, 'x'),
    '--capture',
    file,
    '--scenario',
    yaml,
  ]);
  expect(both.status).toBe(2);
});

test('what is no capture, or has no GPU, is refused with a reason', () => {
  const other = join(folder, 'other');
  writeFileSync(other, '{"record":"capture","format":"something/9"}\n');
  expect(() => importCapture(other)).toThrow('something/9');
  const node = make('gone', 'rtx-desk');
  node.unload();
  const file = join(folder, 'gone.capture');
  spawnSync(sampler, ['--capture', file, ...flagsOf(node)]);
  expect(() => importCapture(file)).toThrow('no GPU answered');
});

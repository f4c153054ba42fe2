import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { type ExpectedGpu, expectationOf, scenarios } from './expectations.ts';
import { client } from './tools.ts';

/**
 * Debian's nvtop on the simulated library, on a terminal of its own: what it paints is read as a person would and
 * compared with what stands beside the scenario.
 */

const nvtop = client('nvtop');
const terminal = client('terminal');
const folder = mkdtempSync(join(tmpdir(), 'client-nvtop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows that hold eight GPUs and their processes; columns that hold one GPU, and no second one beside it. */
const SCREEN = ['60', '120'];
/** The second refresh brings what needs two samples; they are a second apart. */
const QUIET_SECONDS = '2.5';

interface Painted {
  readonly name: string;
  readonly generation: number;
  readonly lanes: number;
  readonly gpuMegahertz: number;
  readonly memoryMegahertz: number;
  readonly celsius: number;
  /** Absent: painted as N/A. */
  readonly fanPercent: number | undefined;
  readonly watts: number;
  readonly limitWatts: number;
  readonly busyPercent: number | undefined;
  readonly usedGibibytes: number;
  readonly totalGibibytes: number;
  readonly encoderPercent: number | undefined;
  readonly decoderPercent: number | undefined;
}

interface PaintedProcess {
  readonly pid: number;
  readonly device: number;
  readonly type: string;
  readonly busyPercent: number;
  readonly usedMebibytes: number;
  readonly command: string;
}

async function screenOf(node: SimulatedNode): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    terminal,
    [
      join(import.meta.dirname, 'screen.py'),
      ...SCREEN,
      QUIET_SECONDS,
      nvtop,
      '-p',
      '-C',
      '-c',
      join(folder, 'none.ini'),
    ],
    { env: { ...process.env, LD_LIBRARY_PATH: join(node.libraryPath, '..'), PYTHONDONTWRITEBYTECODE: '1' } },
  );
  return stdout.split('\n');
}

const orAbsent = (text: string | undefined): number | undefined =>
  text === undefined || text === 'N/A' ? undefined : Number(text);

function readGpus(rows: readonly string[]): Painted[] {
  return rows.flatMap((row, place) => {
    const head = /^ Device \d+ \[(.*)\] +PCIe GEN (\d+)@ ?(\d+)x/.exec(row);
    if (head === null) return [];
    const clocks = /GPU (\d+)MH\S* +MEM (\d+)MH\S* +TEMP +(\d+).C FAN +(\d+|N\/A)% POW +(\d+) \/ +(\d+)/.exec(
      rows[place + 1] ?? '',
    );
    const bars = /GPU\[[| ]*(?:(\d+)%|N\/A)\].*?([\d.]+)Gi\/([\d.]+)Gi\](.*)/.exec(rows[place + 2] ?? '');
    if (clocks === null || bars === null)
      throw new Error(`not understood:\n${rows.slice(place, place + 3).join('\n')}`);
    return [
      {
        name: head[1] ?? '',
        generation: Number(head[2]),
        lanes: Number(head[3]),
        gpuMegahertz: Number(clocks[1]),
        memoryMegahertz: Number(clocks[2]),
        celsius: Number(clocks[3]),
        fanPercent: orAbsent(clocks[4]),
        watts: Number(clocks[5]),
        limitWatts: Number(clocks[6]),
        busyPercent: orAbsent(bars[1]),
        usedGibibytes: Number(bars[2]),
        totalGibibytes: Number(bars[3]),
        encoderPercent: orAbsent(/ENC\[[| ]*(\d+)%/.exec(bars[4] ?? '')?.[1]),
        decoderPercent: orAbsent(/DEC\[[| ]*(\d+)%/.exec(bars[4] ?? '')?.[1]),
      },
    ];
  });
}

function readProcesses(rows: readonly string[]): PaintedProcess[] {
  return rows.flatMap((row) => {
    const match = /^ *(\d+) +\S+ +(\d+) +(Compute|Graphic) +(\d+)% +(\d+)MiB +\d+% +\S+ +\S+(?: +(.*))?$/.exec(row);
    if (match === null) return [];
    const [, pid, device, type = '', busy, used, command = ''] = match;
    return [
      {
        pid: Number(pid),
        device: Number(device),
        type,
        busyPercent: Number(busy),
        usedMebibytes: Number(used),
        command,
      },
    ];
  });
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** A ratio as whole percent, absent as absent. */
const percentOf = (ratio: number | undefined): number | undefined =>
  ratio === undefined ? undefined : Math.round(ratio * 100);

function expectPainted(painted: Painted | undefined, gpu: ExpectedGpu): void {
  const { readings } = gpu;
  expect(painted).toMatchObject({
    name: gpu.name,
    generation: readings.pcie_link_generation,
    lanes: readings.pcie_link_width_lanes,
    // The higher of the two.
    gpuMegahertz: Math.round(Math.max(readings.clock_graphics_hertz ?? 0, readings.clock_sm_hertz ?? 0) / 1e6),
    memoryMegahertz: Math.round((readings.clock_memory_hertz ?? 0) / 1e6),
    celsius: readings.temperature_celsius,
    fanPercent: percentOf(gpu.fans?.[0]?.speed_ratio),
    busyPercent: percentOf(readings.utilization_ratio),
    // Watts are cut, not rounded.
    watts: Math.trunc(readings.power_watts ?? 0),
    limitWatts: Math.trunc(readings.power_limit_enforced_watts ?? 0),
  });
  expect(painted?.totalGibibytes).toBeCloseTo((readings.memory_total_bytes ?? 0) / GIB, 2);
  // What is reserved counts as used here.
  const used = (readings.memory_used_bytes ?? 0) + (readings.memory_reserved_bytes ?? 0);
  expect(painted?.usedGibibytes).toBeCloseTo(used / GIB, 2);
  // Engines are left out where the screen is too narrow for them, or they do not exist; what is painted must be right.
  for (const [got, wanted] of [
    [painted?.encoderPercent, readings.encoder_utilization_ratio],
    [painted?.decoderPercent, readings.decoder_utilization_ratio],
  ]) {
    if (got !== undefined) expect(got).toBe(percentOf(wanted));
  }
}

describe.skipIf(nvtop === '' || terminal === '')('nvtop', () => {
  test.each(scenarios)('paints what %s has', async (scenario) => {
    const { seed, branch, gpus } = expectationOf(scenario);
    const node = createNode(join(folder, scenario), { scenario, seed, branch, frozenClock: true });
    const rows = await screenOf(node);
    if (gpus.some((gpu) => gpu.processes.some(({ usedMemoryBytes }) => usedMemoryBytes === undefined))) {
      // Drivers may not know what a process uses. This version takes the mark of that for a number, and gives up.
      expect(rows.join('')).toContain('gpu_memory_percentage <= 100');
      return;
    }
    const painted = readGpus(rows);
    expect(painted.length).toBe(gpus.length);
    for (const gpu of gpus) {
      if (gpu.loadMoves) expect(painted[gpu.index]?.name).toBe(gpu.name);
      else expectPainted(painted[gpu.index], gpu);
    }
    // Busy figures of a process are its own only where the driver tells them; a process of MPS is painted as one of compute.
    const listed = readProcesses(rows).map(({ pid, device, usedMebibytes }) => `${pid} on ${device}: ${usedMebibytes}`);
    const wanted = gpus.flatMap((gpu) =>
      gpu.processes
        .filter(({ type }) => type !== 'mps')
        .map(({ pid, usedMemoryBytes = 0 }) => `${pid} on ${gpu.index}: ${Math.trunc(usedMemoryBytes / MIB)}`),
    );
    // The screen has an end.
    const room = rows.findIndex((row) => row.startsWith('F2')) - rows.findIndex((row) => /^ +PID USER/.test(row)) - 1;
    expect(listed.length).toBe(Math.min(room, wanted.length));
    expect(wanted).toEqual(expect.arrayContaining(listed));
  });

  test('a process of this machine is painted with its command and its share', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      const pid = child.pid ?? 0;
      const node = createNode(join(folder, 'with-process'), { scenario: 'rtx-desk', seed: 7, frozenClock: true });
      node.startProcess({ gpu: 1, pid, type: 'compute', usedBytes: 118 * MIB, smPercent: 5, memoryPercent: 6 });
      node.clock({ advanceSeconds: 10, rate: 1 });
      const found = readProcesses(await screenOf(node)).find((process) => process.pid === pid);
      expect(found).toMatchObject({ device: 1, type: 'Compute', usedMebibytes: 118, busyPercent: 5 });
      expect(found?.command).toContain('sleep');
    } finally {
      child.kill();
    }
  });
});

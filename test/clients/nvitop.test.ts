import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { type ExpectedGpu, expectationOf, scenarios } from './expectations.ts';
import { client } from './tools.ts';

/** nvitop and its exporter on the simulated library, compared with what stands beside the scenarios. */

const python = client('nvitop');
const folder = mkdtempSync(join(tmpdir(), 'client-nvitop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 2 ** 20;
const UNIT_BYTES: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: MIB, GiB: 2 ** 30 };

const environmentOf = (node: SimulatedNode): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_LIBRARY_PATH: join(node.libraryPath, '..'),
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONIOENCODING: 'utf-8',
  NO_COLOR: '1',
});

/** Two lines of the table for each GPU: who it is, and how it does. */
const WHO = /^│ +(\d+) +(.+?) +(On|Off) │ (\S+) +(On|Off|N\/A) │ +(.*?) │$/;
const HOW =
  /^│ +(MAX|N\/A|\d+%) +(\d+)C +P(\d+) +(\d+)W \/ (\d+)W │ +([\d.]+)(\w+) \/ ([\d.]+)(\w+) │ +(MAX|N\/A|\d+%) +(.*?) │$/;

async function tableOf(node: SimulatedNode): Promise<string[]> {
  const { stdout } = await promisify(execFile)(python, ['-m', 'nvitop', '--once'], { env: environmentOf(node) });
  return stdout.split('\n');
}

/** As nvitop says a percentage: from a hundred on it is "MAX". */
function percentText(ratio: number | undefined): string {
  if (ratio === undefined) return 'N/A';
  const percent = Math.round(ratio * 100);
  return percent >= 100 ? 'MAX' : `${percent}%`;
}

/** A number of bytes as it was written, with the room that its last digit leaves. */
function expectBytes(digits: string | undefined, unit: string | undefined, wanted: number): void {
  const scale = UNIT_BYTES[unit ?? ''] ?? Number.NaN;
  const decimals = /\.(\d+)$/.exec(digits ?? '')?.[1]?.length ?? 0;
  expect(Math.abs(Number(digits) * scale - wanted), `${digits}${unit} for ${wanted}`).toBeLessThanOrEqual(
    scale / 10 ** decimals,
  );
}

function expectRow(rows: readonly string[], gpu: ExpectedGpu): void {
  const place = rows.findIndex((row) => Number(WHO.exec(row)?.[1] ?? -1) === gpu.index);
  const who = WHO.exec(rows[place] ?? '');
  const how = HOW.exec(rows[place + 1] ?? '');
  const { readings } = gpu;
  // A long name loses its front.
  expect(gpu.name).toContain(who?.[2]?.replace(/^\.+/, ''));
  expect(who?.[3]).toBe(readings.persistence_mode_enabled === 1 ? 'On' : 'Off');
  expect(who?.[4]).toBe(`0000${gpu.pciAddress}`.toUpperCase());
  expect(who?.[5]).toBe(readings.display_active === 1 ? 'On' : 'Off');
  if (gpu.loadMoves) return;
  expect(how?.slice(1, 4)).toEqual([
    percentText(gpu.fans?.[0]?.speed_ratio),
    String(readings.temperature_celsius),
    String(readings.performance_state),
  ]);
  expect(Math.abs(Number(how?.[4]) - (readings.power_watts ?? Number.NaN))).toBeLessThan(1);
  expect(Math.abs(Number(how?.[5]) - (readings.power_limit_requested_watts ?? Number.NaN))).toBeLessThan(1);
  expectBytes(how?.[6], how?.[7], readings.memory_used_bytes ?? Number.NaN);
  expectBytes(how?.[8], how?.[9], readings.memory_total_bytes ?? Number.NaN);
  expect(how?.[10]).toBe(percentText(readings.utilization_ratio));
}

/** Series of an exposition by name and index of the GPU. */
type Series = ReadonlyMap<string, { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>;

function parse(text: string): Series {
  const found = new Map<string, { labels: Record<string, string>; value: number }[]>();
  for (const line of text.split('\n')) {
    const [, name = '', inner = '', value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    if (name === '') continue;
    const labels = Object.fromEntries([...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]));
    found.set(name, [...(found.get(name) ?? []), { labels, value: Number(value === 'NaN' ? Number.NaN : value) }]);
  }
  return found;
}

/** Families of nvitop-exporter, the reading each shows, and what its unit is in base units. */
const FAMILIES: readonly (readonly [string, string, number])[] = [
  ['gpu_utilization_Percentage', 'utilization_ratio', 0.01],
  ['gpu_memory_utilization_Percentage', 'memory_controller_utilization_ratio', 0.01],
  ['gpu_encoder_utilization_Percentage', 'encoder_utilization_ratio', 0.01],
  ['gpu_decoder_utilization_Percentage', 'decoder_utilization_ratio', 0.01],
  ['gpu_memory_total_MiB', 'memory_total_bytes', MIB],
  ['gpu_memory_used_MiB', 'memory_used_bytes', MIB],
  ['gpu_memory_free_MiB', 'memory_free_bytes', MIB],
  ['gpu_clock_graphics_MHz', 'clock_graphics_hertz', 1e6],
  ['gpu_clock_sm_MHz', 'clock_sm_hertz', 1e6],
  ['gpu_clock_memory_MHz', 'clock_memory_hertz', 1e6],
  ['gpu_clock_video_MHz', 'clock_video_hertz', 1e6],
  ['gpu_power_usage_W', 'power_watts', 1],
  ['gpu_power_limit_W', 'power_limit_requested_watts', 1],
  ['gpu_temperature_C', 'temperature_celsius', 1],
];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** What the series say otherwise than what stands beside the scenario. */
function wrongSeries(series: Series, gpu: ExpectedGpu): string[] {
  return FAMILIES.flatMap(([family, reading, unit]) => {
    const value = series.get(family)?.find(({ labels }) => labels.uuid === gpu.uuid)?.value ?? Number.NaN;
    const wanted = gpu.readings[reading];
    const good = wanted === undefined ? Number.isNaN(value) : Math.abs(value * unit - wanted) <= 1e-9 * wanted;
    return good ? [] : [`GPU ${gpu.index} ${family}: ${value} for ${wanted}`];
  });
}

/**
 * Starts the exporter and reads it until nothing is wrong: it fills its gauges one after the other.
 * @param wrong what is not yet as it must be
 * @throws Error with that, when it stays so
 */
async function readUntilRight(node: SimulatedNode, wrong: (series: Series) => readonly string[]): Promise<void> {
  const port = await freePort();
  const exporter = spawn(
    python,
    ['-m', 'nvitop_exporter', '--host', 'here', '--bind-address', '127.0.0.1', '--port', String(port)],
    { env: environmentOf(node), stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => exporter.once('exit', resolve));
  let last: readonly string[] = ['the exporter never answered'];
  try {
    for (let attempt = 0; attempt < 200 && last.length > 0; attempt++) {
      await wait(200);
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      if (answer !== undefined) last = wrong(parse(await answer.text()));
    }
  } finally {
    exporter.kill('SIGKILL');
    await ended;
  }
  expect(last).toEqual([]);
}

describe.skipIf(python === '')('nvitop', () => {
  test.each(scenarios)('its table shows what %s has', async (scenario) => {
    const { seed, branch, gpus } = expectationOf(scenario);
    const rows = await tableOf(createNode(join(folder, scenario), { scenario, seed, branch, frozenClock: true }));
    expect(rows.filter((row) => WHO.test(row)).length).toBe(gpus.length);
    for (const gpu of gpus) expectRow(rows, gpu);
    const listed = rows.flatMap((row) => /^│ +\d+(?::\d+)? +(\d+) [CGX]/.exec(row)?.[1] ?? []).map(Number);
    const wanted = gpus.flatMap((gpu) => gpu.processes.filter(({ type }) => type !== 'mps').map(({ pid }) => pid));
    expect(listed.sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
  });

  test.each(['rtx-desk', 'hgx-h100', 'dgx-a100-mig'])('its exporter shows what %s has', async (scenario) => {
    const { seed, branch, gpus } = expectationOf(scenario);
    const node = createNode(join(folder, `exporter-${scenario}`), { scenario, seed, branch, frozenClock: true });
    await readUntilRight(node, (series) => [
      ...gpus.filter(({ loadMoves }) => !loadMoves).flatMap((gpu) => wrongSeries(series, gpu)),
      ...(series.get('nvitop_info')?.[0]?.labels.device_count === String(gpus.length) ? [] : ['number of devices']),
    ]);
  });

  test('its exporter shows a process of this machine', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      const pid = child.pid ?? 0;
      // nvitop asks for samples since a moment of this machine's own clock.
      const node = createNode(join(folder, 'with-process'), { scenario: 'rtx-desk', seed: 7 });
      node.startProcess({ gpu: 0, pid, type: 'compute', usedBytes: 118 * MIB, smPercent: 5, memoryPercent: 6 });
      const wanted: Readonly<Record<string, number>> = {
        process_gpu_memory_MiB: 118,
        process_gpu_sm_utilization_Percentage: 5,
        process_gpu_memory_utilization_Percentage: 6,
      };
      await readUntilRight(node, (series) => {
        const of = (family: string) => series.get(family)?.find(({ labels }) => labels.pid === String(pid));
        return [
          ...Object.entries(wanted).flatMap(([family, value]) =>
            of(family)?.value === value ? [] : [`${family}: ${of(family)?.value}`],
          ),
          ...(of('process_info_info')?.labels.command === 'sleep 600' ? [] : ['command']),
        ];
      });
    } finally {
      child.kill();
    }
  });
});

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';

/**
 * The whole way of a value: scenario, state file, simulated library, the driver's interface, the sampler. What must
 * come out stands in base units beside each scenario, and neither side computed it.
 */
const root = join(import.meta.dirname, '../..');
const sampler = join(root, 'out/native/gpu-node-sampler');
const folder = join(root, 'simulator/scenarios');
const names = readdirSync(folder).flatMap((file) => /^(.*)\.expected\.json$/.exec(file)?.[1] ?? []);

interface ExpectedProcess {
  pid: number;
  type: string;
  usedMemoryBytes: number;
  gpuInstance?: number;
  computeInstance?: number;
}
interface ExpectedInstance {
  profile: string;
  activity?: Record<string, number>;
  migIndex: number;
  gpuInstance: number;
  computeInstance: number;
  name: string;
  multiprocessors: number;
  copyEngines: number;
  decoders: number;
  encoders: number;
  jpegEngines: number;
  ofaEngines: number;
  gpuSlices: number;
  computeSlices: number;
  memoryTotalBytes: number;
  memoryReservedBytes: number;
  memoryUsedBytes: number;
  memoryFreeBytes: number;
  bar1TotalBytes: number;
  bar1UsedBytes: number;
  eccUncorrectedTotal?: number;
  placementStart?: number;
  placementSize?: number;
}
interface ExpectedProfile {
  id: number;
  name: string;
  slices: number;
  multiprocessors: number;
  memoryBytes: number;
  capacity: number;
  available?: number;
}
/** For each reading the values of link 0, 1 and so on. */
interface ExpectedLinks {
  remotePciAddresses?: (string | null)[];
  readings: Record<string, number[]>;
}
/**
 * The node as `nvidia-smi topo` draws it, a row for each GPU: nvmlGpuTopologyLevel_t of each pair, and how it can read
 * and write the other's memory, over NVLink, atomically and over PCI, nvmlGpuP2PStatus_t each.
 */
interface ExpectedTopology {
  levels: string[];
  p2p: string[];
}
interface Expected {
  topology: ExpectedTopology;
  seed: number;
  branch?: string;
  node: Record<string, number>;
  gpus: {
    index: number;
    uuid: string;
    name: string;
    serial?: string;
    pciAddress: string;
    vbiosVersion: string;
    boardPartNumber?: string;
    inforomImageVersion?: string;
    fabricClusterUuid?: string;
    platformChassisSerial?: string;
    loadMoves: boolean;
    readings: Record<string, number>;
    processes: ExpectedProcess[];
    processUtilization?: {
      pid: number;
      smRatio: number;
      memoryRatio: number;
      encoderRatio: number;
      decoderRatio: number;
      jpegRatio: number;
      ofaRatio: number;
    }[];
    fans?: Record<string, number>[];
    nvlinks?: ExpectedLinks;
    c2cLinks?: ExpectedLinks;
    migInstances?: ExpectedInstance[];
    migProfiles?: ExpectedProfile[];
  }[];
}
interface ReadLink {
  link: number;
  remote_pci_bus_id?: string;
  readings: Record<string, number>;
}
interface Read {
  driver: { readings: Record<string, number> };
  gpus: {
    uuid: string;
    name: string;
    serial?: string;
    pci_bus_id: string;
    vbios_version: string;
    board_part_number?: string;
    inforom_image_version?: string;
    fabric_cluster_uuid?: string;
    platform_chassis_serial?: string;
    readings: Record<string, number>;
    nvlinks: ReadLink[];
    c2c_links: ReadLink[];
    fans: { fan: number; readings: Record<string, number> }[];
    peers: { gpu_index: number; uuid: string; readings: Record<string, number> }[];
    mig_profiles: (Record<string, number | string> & { memory_bytes: number })[];
    process_utilization: Record<string, number>[];
    mig_instances: (Record<string, number | string> & { readings: Record<string, number> })[];
    processes: {
      pid: number;
      type: string;
      used_memory_bytes?: number;
      gpu_instance?: number;
      compute_instance?: number;
    }[];
  }[];
}

/** The driver's clock stands at 2026-01-01T00:00:00Z when a node is made. */
const CREATED_UNIX_SECONDS = 1_767_225_600;

/** Watts, joules and seconds pass through one multiplication in binary. */
const isNear = (got: number | undefined, wanted: number): boolean =>
  got !== undefined && Math.abs(got - wanted) <= 1e-12 * Math.abs(wanted);

/** What differs between the links read and those expected, and what was read beyond them. */
function linkFindings(got: ReadLink[], expected: ExpectedLinks | undefined): string[] {
  const wanted = Object.entries(expected?.readings ?? {});
  const missing = wanted.flatMap(([reading, values]) =>
    values.flatMap((value, link) => {
      const read = got[link]?.readings[reading];
      return isNear(read, value) ? [] : [`link ${link} ${reading}: expected ${value}, got ${read}`];
    }),
  );
  const more = got.flatMap(({ link, readings }) =>
    Object.keys(readings)
      .filter((reading) => expected?.readings[reading]?.[link] === undefined)
      .map((reading) => `link ${link} ${reading}: not expected`),
  );
  const peers = (expected?.remotePciAddresses ?? []).flatMap((address, link) => {
    const read = got[link]?.remote_pci_bus_id ?? null;
    return read === address ? [] : [`link ${link}: expected the peer ${address}, got ${read}`];
  });
  return [...missing, ...more, ...peers];
}

describe.each(names)('%s', (name) => {
  const expected = JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Expected;
  let directory: string;
  let read: Read;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), `readings-${name}-`));
    const node = createNode(join(directory, 'node'), {
      scenario: name,
      seed: expected.seed,
      frozenClock: true,
      ...(expected.branch === undefined ? {} : { branch: expected.branch }),
    });
    const options = [
      '--nvlink-links',
      '--topology',
      `--nvml.library=${node.libraryPath}`,
      `--clock.file=${node.clockPath}`,
    ];
    const { stdout } = await promisify(execFile)(sampler, ['--once', '--json', '--deadline', '20000', ...options], {
      timeout: 25_000,
      maxBuffer: 8 * 1024 * 1024,
    });
    read = JSON.parse(stdout) as Read;
  }, 90_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('every GPU is who it should be', () => {
    expect(existsSync(sampler)).toBe(true);
    const identities = read.gpus.map((gpu) => [
      gpu.uuid,
      gpu.name,
      gpu.serial,
      gpu.pci_bus_id,
      gpu.vbios_version,
      gpu.board_part_number,
      gpu.inforom_image_version,
      gpu.fabric_cluster_uuid,
      gpu.platform_chassis_serial,
    ]);
    expect(identities).toEqual(
      expected.gpus.map((gpu) => [
        gpu.uuid,
        gpu.name,
        gpu.serial,
        gpu.pciAddress,
        gpu.vbiosVersion,
        gpu.boardPartNumber,
        gpu.inforomImageVersion,
        gpu.fabricClusterUuid,
        gpu.platformChassisSerial,
      ]),
    );
  });

  test('the node has every expected value, and no other', () => {
    expect(read.driver.readings).toEqual(expected.node);
  });

  test.each(expected.gpus)('GPU $index has every expected value', ({ index, readings }) => {
    const got = read.gpus[index]?.readings ?? {};
    const wrong = Object.entries(readings).flatMap(([reading, value]) => {
      const other = got[reading];
      return isNear(other, value) ? [] : [`${reading}: expected ${value}, got ${other}`];
    });
    expect(wrong).toEqual([]);
    expect(Object.keys(readings).length).toBeGreaterThan(35);
  });

  test('no GPU has a value that it cannot have', () => {
    // The totals of what the sampler integrates have begun with it, so no scenario can foretell them.
    const integrated = ['busy_seconds_total', 'observed_seconds_total', 'mig_reconfigurations_total'];
    for (const { index, readings } of expected.gpus.filter(({ loadMoves }) => !loadMoves)) {
      const more = Object.keys(read.gpus[index]?.readings ?? {}).filter((reading) => !(reading in readings));
      expect(
        more.filter((reading) => !integrated.includes(reading)),
        `GPU ${index}`,
      ).toEqual([]);
    }
  });

  test('each GPU lists its processes', () => {
    for (const { index, processes } of expected.gpus) {
      const got = (read.gpus[index]?.processes ?? []).map((process) => ({
        pid: process.pid,
        type: process.type,
        usedMemoryBytes: process.used_memory_bytes,
        ...(process.gpu_instance === undefined ? {} : { gpuInstance: process.gpu_instance }),
        ...(process.compute_instance === undefined ? {} : { computeInstance: process.compute_instance }),
      }));
      expect(
        got.sort((a, b) => a.pid - b.pid),
        `GPU ${index}`,
      ).toEqual(processes);
    }
  });

  test('each GPU says who kept it busy in the second before', () => {
    for (const { index, processUtilization = [] } of expected.gpus) {
      const got = [...(read.gpus[index]?.process_utilization ?? [])].sort((a, b) => Number(a.pid) - Number(b.pid));
      const wanted = processUtilization.map((use) => ({
        pid: use.pid,
        sampled_unix_seconds: CREATED_UNIX_SECONDS,
        sm_ratio: use.smRatio,
        memory_ratio: use.memoryRatio,
        encoder_ratio: use.encoderRatio,
        decoder_ratio: use.decoderRatio,
        jpeg_ratio: use.jpegRatio,
        ofa_ratio: use.ofaRatio,
      }));
      expect(got, `GPU ${index}`).toEqual(wanted);
    }
  });

  test('each NVLink and chip-to-chip link has its values, and no others', () => {
    for (const { index, nvlinks, c2cLinks } of expected.gpus) {
      const gpu = read.gpus[index];
      expect(linkFindings(gpu?.nvlinks ?? [], nvlinks), `NVLinks of GPU ${index}`).toEqual([]);
      expect(linkFindings(gpu?.c2c_links ?? [], c2cLinks), `chip-to-chip links of GPU ${index}`).toEqual([]);
    }
  });

  test('each fan has its values, and there are no others', () => {
    for (const { index, fans = [] } of expected.gpus) {
      const got = (read.gpus[index]?.fans ?? []).map(({ fan, readings }) => ({ fan, ...readings }));
      expect(got, `GPU ${index}`).toEqual(fans.map((readings, fan) => ({ fan, ...readings })));
    }
  });

  test('each GPU tells how near every other is and what they can do with each other', () => {
    const cells = (rows: string[]) => rows.map((row) => row.trim().split(/\s+/));
    const drawn = (of: (readings: Record<string, number>) => string) =>
      read.gpus.map(({ peers, uuid }, index) =>
        read.gpus.map((other, column) => {
          const pair = peers.find(({ gpu_index: number }) => number === column);
          if (column === index) return pair === undefined ? '-' : `${uuid} is its own peer`;
          return pair?.uuid === other.uuid ? of(pair.readings) : `${pair?.uuid} for ${other.uuid}`;
        }),
      );
    const { levels, p2p } = expected.topology;
    expect(drawn(({ topology_level: level }) => String(level))).toEqual(cells(levels));
    const capabilities = ['read', 'write', 'nvlink', 'atomics', 'pci'];
    const status = (readings: Record<string, number>) => capabilities.map((name) => readings[`p2p_${name}_status`]);
    expect(drawn((readings) => status(readings).join(''))).toEqual(cells(p2p));
  });

  test('each GPU in MIG mode tells what it can be cut into, and what still fits', () => {
    for (const { index, migProfiles = [] } of expected.gpus) {
      const wanted = migProfiles.map(({ memoryBytes, ...profile }) => ({ ...profile, memory_bytes: memoryBytes }));
      expect(read.gpus[index]?.mig_profiles, `GPU ${index}`).toEqual(wanted);
    }
  });

  test('each GPU in MIG mode has its instances', () => {
    for (const { index, migInstances = [] } of expected.gpus) {
      const got = (read.gpus[index]?.mig_instances ?? []).map((instance) => ({
        migIndex: instance.mig_index,
        gpuInstance: instance.gpu_instance,
        computeInstance: instance.compute_instance,
        name: instance.name,
        multiprocessors: instance.readings.multiprocessors,
        copyEngines: instance.readings.copy_engines,
        decoders: instance.readings.decoders,
        jpegEngines: instance.readings.jpeg_engines,
        ofaEngines: instance.readings.ofa_engines,
        gpuSlices: instance.readings.gpu_slices,
        computeSlices: instance.readings.compute_slices,
        memoryTotalBytes: instance.readings.memory_total_bytes,
        memoryReservedBytes: instance.readings.memory_reserved_bytes,
        memoryUsedBytes: instance.readings.memory_used_bytes,
        memoryFreeBytes: instance.readings.memory_free_bytes,
        encoders: instance.readings.encoders,
        bar1TotalBytes: instance.readings.bar1_memory_total_bytes,
        bar1UsedBytes: instance.readings.bar1_memory_used_bytes,
        eccUncorrectedTotal: instance.readings.ecc_uncorrected_total,
        placementStart: instance.readings.placement_start,
        placementSize: instance.readings.placement_size,
      }));
      expect(got, `GPU ${index}`).toEqual(
        migInstances.map((instance) => expect.objectContaining({ gpuInstance: instance.gpuInstance })),
      );
      for (const [position, instance] of got.entries()) {
        const known = Object.fromEntries(Object.entries(instance).filter(([, value]) => value !== undefined));
        const { profile, activity, ...wanted } = migInstances[position] ?? {};
        expect(known, `GPU ${index} instance ${position}`).toEqual(wanted);
      }
    }
  });
});

test('there are expectations to compare with', () => {
  expect(names.length).toBeGreaterThanOrEqual(4);
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeHost, HOST_FOLDERS, readHost, writeHost } from '../../simulator/host/host-record.mjs';
import { scenarioNames } from '../../simulator/state/scenario.mjs';
import { recordOf } from './scenario-record.js';

const now = 1_767_225_600;
const seed = 7;

/** What an open handle leads to, for every process of a simulated /proc. */
function handlesByPid(node: string): Map<number, string[]> {
  const proc = join(node, HOST_FOLDERS.proc);
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.map((pid) => {
      const directory = join(proc, pid, 'fd');
      return [Number(pid), readdirSync(directory).map((fd) => readlinkSync(join(directory, fd)))];
    }),
  );
}

describe.each(scenarioNames())('%s', (name) => {
  let node: string;
  let handles: Map<number, string[]>;
  const record = recordOf(name, seed);
  const device = (name_: string): string => `/dev/${name_}`;

  beforeAll(() => {
    node = mkdtempSync(join(realpathSync(tmpdir()), `host-${name}-`));
    writeHost(node, record, now);
    handles = handlesByPid(node);
  }, 90_000);
  afterAll(() => rmSync(node, { recursive: true, force: true }));

  test('each process the library lists runs here and holds its GPU', () => {
    for (const gpu of record.gpus) {
      for (const process of gpu.processes) {
        expect(handles.get(process.pid), `pid ${process.pid}`).toContain(device(`nvidia${gpu.minor}`));
        expect(readFileSync(join(node, HOST_FOLDERS.proc, String(process.pid), 'cmdline'), 'utf8')).not.toBe('');
      }
    }
  });

  test('nobody holds a GPU the library does not list for them, and every handle has a node', () => {
    const listed = new Set(
      record.gpus.flatMap((gpu) => gpu.processes.map((process) => `${process.pid} nvidia${gpu.minor}`)),
    );
    for (const [pid, targets] of handles) {
      for (const target of targets.filter((path) => path.startsWith('/dev/'))) {
        expect(existsSync(join(node, 'host', target)), target).toBe(true);
        const gpuNode = basename(target);
        if (/^nvidia\d+$/.test(gpuNode)) expect(listed).toContain(`${pid} ${gpuNode}`);
      }
    }
  });

  test('processes in a MIG instance hold the capability nodes of that instance', () => {
    const inInstances = record.gpus.flatMap((gpu) =>
      gpu.processes.filter(({ gpuInstance }) => gpuInstance !== undefined),
    );
    for (const { pid } of inInstances) {
      const capabilities = handles.get(pid)?.filter((target) => target.includes('/nvidia-caps/')) ?? [];
      expect(capabilities, `pid ${pid}`).toHaveLength(2);
    }
  });

  test('every GPU is on the bus with the driver the scenario says, and each virtual machine holds its groups', () => {
    const bus = join(node, HOST_FOLDERS.sys, 'bus/pci/devices');
    const driverOf = (address: string): string => basename(readlinkSync(join(bus, address, 'driver')));
    for (const gpu of record.gpus) expect(driverOf(gpu.address)).toBe('nvidia');
    for (const gpu of record.host.hiddenGpus ?? []) {
      if (gpu.driver === undefined) expect(existsSync(join(bus, gpu.address, 'driver'))).toBe(false);
      else expect(driverOf(gpu.address)).toBe(gpu.driver);
    }
    const groups = new Set(
      readdirSync(bus)
        .map((address) => join(bus, address, 'iommu_group'))
        .filter(existsSync)
        .map((link) => readlinkSync(link)),
    );
    expect(groups.size).toBe(record.gpus.length + (record.host.hiddenGpus ?? []).length);
    for (const machine of record.host.virtualMachines ?? []) {
      for (const address of machine.hostDevices) {
        const group = basename(readlinkSync(join(bus, address, 'iommu_group')));
        expect(handles.get(machine.pid)).toContain(device(`vfio/${group}`));
      }
      expect(existsSync(join(node, HOST_FOLDERS.run, `libvirt/qemu/${machine.name}.xml`))).toBe(true);
    }
  });

  test('a share counts no more than the driver does, stays in its limit, and its processes are listed', () => {
    const listed = new Set(record.gpus.flatMap((gpu) => gpu.processes.map(({ pid }) => String(pid))));
    for (const { hami, pod } of record.host.workloads ?? []) {
      if (hami?.uses === undefined || pod?.namespace === 'guests') continue;
      for (const [pid, uses] of Object.entries(hami.uses)) {
        expect(listed, `${pod?.name}`).toContain(pid);
        for (const [index, use] of uses.entries()) {
          const total = use.contextBytes + use.dataBytes;
          expect(total).toBeLessThanOrEqual(use.driverReportedBytes ?? total);
          const limit = hami.shares[index]?.limitBytes ?? Number.POSITIVE_INFINITY;
          expect(total, `${pod?.name} device ${index}`).toBeLessThanOrEqual(limit);
        }
      }
    }
  });

  test('the driver goes and comes back without a trace', () => {
    changeHost(node, { driverVersion: undefined }, now);
    expect(readdirSync(join(node, HOST_FOLDERS.dev)).filter((entry) => entry.startsWith('nvidia'))).toEqual([]);
    expect(existsSync(join(node, HOST_FOLDERS.sys, 'module/nvidia'))).toBe(false);
    expect([...handlesByPid(node).values()].flat().filter((target) => target.startsWith('/dev/nvidia'))).toEqual([]);
    expect(readHost(node).driverVersion).toBeUndefined();
    changeHost(node, { driverVersion: '590.48.01' }, now);
    expect(handlesByPid(node)).toEqual(handles);
    expect(readFileSync(join(node, HOST_FOLDERS.sys, 'module/nvidia/version'), 'utf8')).toBe('590.48.01\n');
  }, 90_000);
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { vfioNodes } from '../../src/collect/passthrough.js';
import { PciBus } from '../../src/collect/pci.js';
import { sysfsAddress } from '../../src/model/pci-address.js';
import { pciFunction } from '../pci-function.js';

const root = mkdtempSync(join(tmpdir(), 'pci-'));
afterAll(() => rmSync(root, { recursive: true }));

function place(busId: string, files: Record<string, string>, links: Record<string, string> = {}): void {
  const folder = join(root, 'bus', 'pci', 'devices', busId);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
}

describe('the PCI bus', () => {
  it('shows NVIDIA display and 3D functions and nothing else', async () => {
    place(
      '0000:65:00.0',
      { vendor: '0x10de', class: '0x030200', device: '0x2330', numa_node: '1' },
      {
        driver: '../../../bus/pci/drivers/nvidia',
        iommu_group: '../../../kernel/iommu_groups/12',
      },
    );
    place(
      '0000:66:00.0',
      { vendor: '0x10de', class: '0x030000', device: '0x1eb8', numa_node: '-1' },
      { driver: '/x/vfio-pci' },
    );
    mkdirSync(join(root, 'bus/pci/devices/0000:66:00.0/vfio-dev/vfio3'), { recursive: true });
    place('0000:66:00.1', { vendor: '0x10de', class: '0x040300', device: '0x10f8' });
    place('0000:06:00.0', { vendor: '0x10de', class: '0x068000', device: '0x22a3' });
    place('0000:00:02.0', { vendor: '0x8086', class: '0x030000', device: '0x1' });
    place('0000:67:00.0', { vendor: '0x10de', class: 'broken', device: '0x1' });
    const scan = await new PciBus(root).scan();
    expect(scan.functions).toEqual([
      pciFunction('0000:65:00.0', { driver: 'nvidia', iommuGroup: 12, numaNode: 1 }),
      pciFunction('0000:66:00.0', { deviceId: 0x1eb8, driver: 'vfio-pci' }),
    ]);
    expect(vfioNodes(scan, '0000:66:00.0')).toEqual(['/dev/vfio/devices/vfio3']);
    expect(vfioNodes(scan, '0000:65:00.0')).toContain('/dev/vfio/12');
  });

  it('tells virtual functions from GPUs', async () => {
    place(
      '0000:65:00.4',
      { vendor: '0x10de', class: '0x030200', device: '0x2330' },
      { driver: '/x/nvidia', physfn: '../0000:65:00.0' },
    );
    const { functions } = await new PciBus(root).scan();
    expect(functions.map(({ busId, virtualFunctionOf }) => [busId, virtualFunctionOf])).toEqual([
      ['0000:65:00.0', undefined],
      ['0000:65:00.4', '0000:65:00.0'],
      ['0000:66:00.0', undefined],
    ]);
  });

  it('that is not there is an error, not an empty bus', async () => {
    await expect(new PciBus(join(root, 'nothing')).scan()).rejects.toThrow(/ENOENT/);
  });
});

describe('PCI addresses', () => {
  it.each([
    ['0000:41:00.0', '0000:41:00.0'],
    ['41:00.0', '0000:41:00.0'],
    ['00000000:41:0A.0', '0000:41:0a.0'],
    ['00010000:41:00.0', '10000:41:00.0'],
    ['00:41:0000.0', undefined],
    ['GPU-1', undefined],
  ])('%s is %s', (text, expected) => {
    expect(sysfsAddress(text)).toBe(expected);
  });
});

describe('what a function says of its windows, its link and its errors', () => {
  const sys = join(mkdtempSync(join(tmpdir(), 'pci-facts-')), 'devices');
  const bus = join(sys, '..', 'bus/pci/devices');
  const port = join(sys, 'pci0000:20/0000:20:01.0');
  const gpu = join(port, '0000:21:00.0');
  afterAll(() => rmSync(join(sys, '..'), { recursive: true }));
  const write = (folder: string, files: Record<string, string>) => {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const facts = {
    vendor: '0x10de\n',
    class: '0x030200\n',
    device: '0x2330\n',
    subsystem_vendor: '0x10de\n',
    subsystem_device: '0x16c1\n',
    sriov_totalvfs: '16\n',
    resource: [
      '0x00000000e4000000 0x00000000e4ffffff 0x0000000000040200',
      '0x0000380000000000 0x0000381fffffffff 0x000000000014220c',
      '0x0000000000000000 0x0000000000000000 0x0000000000000000',
      '0x0000382000000000 0x0000382001ffffff 0x000000000014220c',
      '0x0000000000000000 0x0000000000000000 0x0000000000000000',
      '0x0000000000000000 0x0000000000000000 0x0000000000000000',
      '0x0000000000000000 0x000000000007ffff 0x0000000020046200',
      '',
    ].join('\n'),
    current_link_speed: '16.0 GT/s PCIe\n',
    max_link_speed: '32.0 GT/s PCIe\n',
    current_link_width: '8\n',
    max_link_width: '16\n',
    aer_dev_correctable: 'RxErr 3\nBad TLP 4\nTOTAL_ERR_COR 7\n',
    aer_dev_nonfatal: 'TLP 1\nTOTAL_ERR_NONFATAL 1\n',
    aer_dev_fatal: 'TLP 0\nTOTAL_ERR_FATAL 0\n',
    'power/runtime_status': 'active\n',
  };
  write(gpu, facts);
  for (const number of [0, 1, 10]) symlinkSync(`../0000:21:00.${number}`, join(gpu, `virtfn${number}`));
  write(port, {
    aer_dev_correctable: 'TOTAL_ERR_COR 20\n',
    aer_dev_nonfatal: 'TOTAL_ERR_NONFATAL 0\n',
    aer_dev_fatal: 'TOTAL_ERR_FATAL 0\n',
  });
  mkdirSync(bus, { recursive: true });
  symlinkSync(gpu, join(bus, '0000:21:00.0'));
  const scanned = async () => (await new PciBus(join(sys, '..')).scan()).functions[0];

  it('is read from files of the PCI core', async () => {
    expect(await scanned()).toEqual(
      pciFunction('0000:21:00.0', {
        subsystemVendorId: 0x10de,
        subsystemDeviceId: 0x16c1,
        virtualFunctions: 3,
        virtualFunctionsMax: 16,
        bars: [
          { index: 0, sizeBytes: 16 * 2 ** 20, is64Bit: false, prefetchable: false },
          { index: 1, sizeBytes: 128 * 2 ** 30, is64Bit: true, prefetchable: true },
          { index: 3, sizeBytes: 32 * 2 ** 20, is64Bit: true, prefetchable: true },
        ],
        runtimeStatus: 'active',
        link: { generation: 4, generationMax: 5, widthLanes: 8, widthLanesMax: 16 },
        errors: { correctable: 7, nonFatal: 1, fatal: 0 },
        portErrors: { correctable: 20, nonFatal: 0, fatal: 0 },
      }),
    );
  });

  it('leaves a suspended device asleep', async () => {
    write(gpu, { 'power/runtime_status': 'suspended\n' });
    expect(await scanned()).toMatchObject({
      runtimeStatus: 'suspended',
      link: undefined,
      errors: undefined,
      portErrors: undefined,
    });
    write(gpu, { 'power/runtime_status': 'active\n' });
  });

  it('knows a device that fell off the bus, and a link that says nothing', async () => {
    write(gpu, { current_link_width: '63\n' });
    expect(await scanned()).toMatchObject({ gone: true, link: undefined });
    write(gpu, {
      current_link_speed: 'Unknown\n',
      max_link_speed: 'Unknown\n',
      current_link_width: '0\n',
      max_link_width: '0\n',
    });
    expect(await scanned()).toMatchObject({ gone: false, link: undefined });
    write(gpu, facts);
  });
});

describe('a bus that is looked at again and again', () => {
  const sys = mkdtempSync(join(tmpdir(), 'pci-again-'));
  afterAll(() => rmSync(sys, { recursive: true }));
  const folder = (busId: string) => join(sys, 'bus/pci/devices', busId);
  const plug = (busId: string, device: string, vendor = '0x10de') => {
    // Made before the other one goes: sysfs never gives a folder's number twice, other file systems do.
    const made = join(sys, 'made');
    mkdirSync(made);
    for (const [name, text] of Object.entries({ vendor, class: '0x030200', device, current_link_width: '16' }))
      writeFileSync(join(made, name), text);
    rmSync(folder(busId), { recursive: true, force: true });
    mkdirSync(join(folder(busId), '..'), { recursive: true });
    renameSync(made, folder(busId));
  };

  it('shows what moves, and another card at the same address', async () => {
    plug('0000:01:00.0', '0x2330');
    const bus = new PciBus(sys);
    const seen = async () => (await bus.scan()).functions.map(({ deviceId, link }) => [deviceId, link?.widthLanes]);
    expect(await seen()).toEqual([[0x2330, 16]]);
    writeFileSync(join(folder('0000:01:00.0'), 'current_link_width'), '8');
    expect(await seen()).toEqual([[0x2330, 8]]);
    plug('0000:01:00.0', '0x20b2');
    expect(await seen()).toEqual([[0x20b2, 16]]);
    rmSync(folder('0000:01:00.0'), { recursive: true });
    expect(await seen()).toEqual([]);
  });

  it('finds a GPU where something else was, after a while', async () => {
    plug('0000:02:00.0', '0x1', '0x8086');
    const bus = new PciBus(sys);
    expect((await bus.scan()).functions).toEqual([]);
    plug('0000:02:00.0', '0x2330');
    const found: number[] = [];
    for (let round = 0; round < 10; round++) found.push((await bus.scan()).functions.length);
    expect(found).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { vfioNodes } from '../../src/collect/passthrough.js';
import { scanPci } from '../../src/collect/pci.js';
import { sysfsAddress } from '../../src/collect/pci-address.js';

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
    const scan = await scanPci(root);
    expect(scan.functions).toEqual([
      {
        busId: '0000:65:00.0',
        vendorId: 0x10de,
        deviceId: 0x2330,
        driver: 'nvidia',
        iommuGroup: 12,
        numaNode: 1,
        virtualFunctionOf: undefined,
      },
      {
        busId: '0000:66:00.0',
        vendorId: 0x10de,
        deviceId: 0x1eb8,
        driver: 'vfio-pci',
        iommuGroup: undefined,
        numaNode: undefined,
        virtualFunctionOf: undefined,
      },
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
    const { functions } = await scanPci(root);
    expect(functions.map(({ busId, virtualFunctionOf }) => [busId, virtualFunctionOf])).toEqual([
      ['0000:65:00.0', undefined],
      ['0000:65:00.4', '0000:65:00.0'],
      ['0000:66:00.0', undefined],
    ]);
  });

  it('that is not there is an error, not an empty bus', async () => {
    await expect(scanPci(join(root, 'nothing'))).rejects.toThrow(/ENOENT/);
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

import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildHost } from '../../simulator/host/build.mjs';
import { writeUsageFile } from '../../simulator/host/hami.mjs';
import { computeInstanceMinor, gpuInstanceMinor } from '../../simulator/host/mig-capabilities.mjs';
import type { HostPlan, PciFunctionPlan, ProcessPlan } from '../../simulator/host/plan.mjs';

const gpu: PciFunctionPlan = {
  address: '0000:1b:00.0',
  vendorId: 0x10de,
  deviceId: 0x20b0,
  subsystemVendorId: 0x10de,
  subsystemDeviceId: 0x134f,
  classCode: 0x030200,
  revision: 0xa1,
  numaNode: 1,
  iommuGroup: 42,
  driver: 'nvidia',
  upstreamPort: '0000:16:01.0',
  linkGeneration: 3,
  linkGenerationMax: 4,
  linkWidth: 8,
  linkWidthMax: 16,
  bars: [
    { line: 0, startAddress: 0x9b000000, sizeBytes: 16_777_216, flags: 0x40200 },
    { line: 1, startAddress: 0x3000000000, sizeBytes: 68_719_476_736, flags: 0x14220c },
  ],
  sriovTotalVfs: 16,
  correctableErrors: 5,
};

const process: ProcessPlan = {
  pid: 4321,
  parentPid: 4300,
  containerPid: 7,
  name: 'a-long-program-name',
  arguments: ['/usr/bin/a-long-program-name', '--model', 'x y'],
  environment: { NVIDIA_VISIBLE_DEVICES: 'all' },
  userId: 1000,
  cgroup: '/kubepods.slice/kubepods-podaa.slice/cri-containerd-bb.scope',
  startSeconds: 12.34,
  residentBytes: 8_388_608,
  deviceNodes: ['nvidia0', 'nvidiactl'],
  anonymousHandles: ['anon_inode:[eventpoll]'],
  threadNames: ['cuda-EvtHandlr'],
};

const plan: HostPlan = {
  hostname: 'node-a',
  kernelRelease: '6.1.0-40-amd64',
  bootId: '11111111-2222-4333-8444-555555555555',
  bootUnixSeconds: 1_790_000_000,
  memoryTotalBytes: 1_099_511_627_776,
  cpus: 64,
  numaNodes: 2,
  driver: {
    version: '580.95.05',
    openModule: true,
    gpus: [
      {
        address: '0000:1b:00.0',
        minor: 0,
        name: 'NVIDIA A100-SXM4-40GB',
        uuid: 'GPU-51000000-0000-4000-8000-000000000001',
        vbiosVersion: '92.00.45.00.03',
        irq: 181,
        migEnabled: true,
        migInstances: [{ gpuInstance: 2, computeInstance: 0 }],
      },
    ],
  },
  pciFunctions: [
    gpu,
    { ...gpu, address: '0000:4e:00.0', upstreamPort: '0000:49:01.0', driver: 'vfio-pci', iommuGroup: 43, vfioIndex: 0 },
  ],
  processes: [process],
  virtualMachines: [
    {
      name: 'build-runner',
      uuid: '0d2e6f1a-0000-4000-8000-00000000000a',
      id: 3,
      pid: 5000,
      memoryBytes: 68_719_476_736,
      virtualCpus: 2,
      hostDevices: ['0000:4e:00.0'],
    },
  ],
  podContainers: [],
  hamiContainers: [
    {
      podUid: '11111111-1111-4111-8111-111111111111',
      container: 'main',
      layout: '1.2',
      fileName: 'share',
      content: { devices: [{ uuid: 'GPU-51000000-0000-4000-8000-000000000001' }] },
    },
  ],
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'host-tree-'));
  buildHost(root, plan);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const device = (name: string): string => text(`sys/bus/pci/devices/0000:1b:00.0/${name}`);

describe('/sys', () => {
  test('a function has the files of a PCI function, in the kernel’s formats', () => {
    expect(device('vendor')).toBe('0x10de\n');
    expect(device('class')).toBe('0x030200\n');
    expect(device('numa_node')).toBe('1\n');
    expect(device('local_cpulist')).toBe('32-63\n');
    expect(device('current_link_speed')).toBe('8.0 GT/s PCIe\n');
    expect(device('max_link_speed')).toBe('16.0 GT/s PCIe\n');
    expect(device('current_link_width')).toBe('8\n');
    expect(device('sriov_totalvfs')).toBe('16\n');
    expect(device('driver_override')).toBe('(null)\n');
    expect(device('aer_dev_correctable')).toMatch(/^RxErr 5\nBadTLP 0\n[\s\S]*\nTOTAL_ERR_COR 5\n$/);
    const resource = device('resource').split('\n');
    expect(resource).toHaveLength(14);
    expect(resource[1]).toBe('0x0000003000000000 0x0000003fffffffff 0x000000000014220c');
    expect(resource[2]).toBe('0x0000000000000000 0x0000000000000000 0x0000000000000000');
  });

  test('links lead where the kernel’s lead', () => {
    const at = (path: string): string => realpathSync(join(root, 'sys', path));
    expect(at('bus/pci/devices/0000:1b:00.0')).toBe(at('devices/pci0000:16/0000:16:01.0/0000:1b:00.0'));
    expect(basename(readlinkSync(join(root, 'sys/bus/pci/devices/0000:1b:00.0/driver')))).toBe('nvidia');
    expect(basename(readlinkSync(join(root, 'sys/bus/pci/devices/0000:1b:00.0/iommu_group')))).toBe('42');
    expect(readdirSync(at('kernel/iommu_groups/43/devices'))).toEqual(['0000:4e:00.0']);
    expect(at('bus/pci/drivers/vfio-pci/0000:4e:00.0')).toBe(at('bus/pci/devices/0000:4e:00.0'));
    expect(at('class/vfio-dev/vfio0/device')).toBe(at('bus/pci/devices/0000:4e:00.0'));
    expect(readlinkSync(join(root, 'sys/bus/pci/devices/0000:1b:00.0'))).toMatch(/^\.\.\//);
  });
});

describe('/proc', () => {
  test('the module names itself and its GPU', () => {
    expect(text('proc/driver/nvidia/version')).toMatch(
      /^NVRM version: NVIDIA UNIX Open Kernel Module for x86_64 {2}580\.95\.05 /,
    );
    const information = text('proc/driver/nvidia/gpus/0000:1b:00.0/information');
    expect(information).toContain('Device Minor: \t 0\n');
    expect(information).toContain('GPU UUID: \t GPU-51000000-0000-4000-8000-000000000001\n');
    expect(text('sys/module/nvidia/version')).toBe('580.95.05\n');
    buildHost(root, { ...plan, driver: { version: '580.95.05', gpus: [], openModule: false } });
    expect(text('proc/driver/nvidia/version')).toMatch(
      /^NVRM version: NVIDIA UNIX x86_64 Kernel Module {2}580\.95\.05 /,
    );
    buildHost(root, plan);
  });

  test('a process agrees with itself in stat, status, cmdline, cgroup and threads', () => {
    expect(text('proc/4321/comm')).toBe('a-long-program-\n');
    expect(text('proc/4321/cmdline')).toBe('/usr/bin/a-long-program-name\0--model\0x y\0');
    expect(text('proc/4321/cgroup')).toBe(`0::${process.cgroup}\n`);
    const stat = text('proc/4321/stat').trimEnd().split(' ');
    expect(stat).toHaveLength(52);
    expect([stat[0], stat[1], stat[3], stat[19], stat[21], stat[23]]).toEqual([
      '4321',
      '(a-long-program-)',
      '4300',
      '2',
      '1234',
      '2048',
    ]);
    expect(text('proc/4321/status')).toMatch(
      /\nPPid:\t4300\n[\s\S]*\nNSpid:\t4321\t7\n[\s\S]*\nVmRSS:\t {4}8192 kB\nThreads:\t2\n$/,
    );
    expect(readdirSync(join(root, 'proc/4321/task'))).toEqual(['4321', '4322']);
    expect(text('proc/4321/task/4322/comm')).toBe('cuda-EvtHandlr\n');
    expect(text(`sys/fs/cgroup${process.cgroup}/cgroup.procs`)).toBe('4321\n');
  });

  test('handles name the node as its holder sees it, for every thread', () => {
    for (const place of ['4321', '4321/task/4321', '4321/task/4322']) {
      const handles = readdirSync(join(root, 'proc', place, 'fd')).map((fd) =>
        readlinkSync(join(root, 'proc', place, 'fd', fd)),
      );
      expect(handles).toContain('/dev/nvidia0');
      expect(handles).toContain('anon_inode:[eventpoll]');
    }
  });
});

describe('/dev, /run and HAMi', () => {
  test('device nodes are regular files, those of MIG by the module’s numbering', () => {
    expect(gpuInstanceMinor(1, 0)).toBe(138);
    expect(computeInstanceMinor(0, 2, 0)).toBe(22);
    expect(readdirSync(join(root, 'dev/nvidia-caps')).sort()).toEqual([
      'nvidia-cap1',
      'nvidia-cap2',
      'nvidia-cap21',
      'nvidia-cap22',
    ]);
    expect(readdirSync(join(root, 'dev/vfio')).sort()).toEqual(['43', 'devices', 'vfio']);
    expect(lstatSync(join(root, 'dev/nvidia0')).isFile()).toBe(true);
    expect(text('proc/driver/nvidia-caps/mig-minors')).toContain('\ngpu0/gi2/ci0/access 22\n');
  });

  test('libvirt’s status file names the domain, its process and its device', () => {
    const xml = text('run/libvirt/qemu/build-runner.xml');
    expect(xml).toContain("<domstatus state='running' reason='booted' pid='5000'>");
    expect(xml).toContain("<address domain='0x0000' bus='0x4e' slot='0x00' function='0x0'/>");
    expect(text('run/libvirt/qemu/build-runner.pid')).toBe('5000');
  });

  test('a HAMi container has its usage file and the library’s mount point', () => {
    const directory = join(root, 'hami/containers/11111111-1111-4111-8111-111111111111_main');
    expect(readdirSync(directory).sort()).toEqual(['libvgpu.so', 'share.cache']);
    expect(statSync(directory).mode & 0o777).toBe(0o777);
    expect(statSync(join(directory, 'libvgpu.so')).size).toBe(0);
  });
});

describe('building again', () => {
  test('takes away what the new plan lacks and leaves the rest untouched', () => {
    const before = statSync(join(root, 'sys/bus/pci/devices/0000:1b:00.0/vendor')).ino;
    const { driver: _gone, ...without } = plan;
    buildHost(root, { ...without, processes: [], virtualMachines: [], hamiContainers: [] });
    expect(readdirSync(join(root, 'dev'))).toEqual(['kmsg', 'null', 'vfio']);
    expect(readdirSync(join(root, 'proc')).filter((name) => /^\d/.test(name))).toEqual([]);
    expect(readdirSync(join(root, 'hami/containers'))).toEqual([]);
    expect(() => text('proc/driver/nvidia/version')).toThrow(/ENOENT/);
    expect(() => text('sys/module/nvidia/version')).toThrow(/ENOENT/);
    expect(statSync(join(root, 'sys/bus/pci/devices/0000:1b:00.0/vendor')).ino).toBe(before);
  });

  test('rebinds a function to another driver, or to none', () => {
    const sys = (path: string): string[] => readdirSync(join(root, 'sys', path));
    const [, passed] = plan.pciFunctions;
    if (passed === undefined) throw new Error('the plan has two functions');
    const { driver: _driver, vfioIndex: _index, ...unbound } = passed;
    buildHost(root, { ...plan, pciFunctions: [{ ...gpu, driver: 'vfio-pci', vfioIndex: 1 }, unbound] });
    expect(sys('bus/pci/drivers/nvidia')).toEqual([]);
    expect(sys('bus/pci/drivers/vfio-pci')).toEqual(['0000:1b:00.0']);
    expect(sys('class/vfio-dev')).toEqual(['vfio1']);
    expect(sys('bus/pci/devices/0000:4e:00.0')).not.toContain('driver');
    expect(sys('bus/pci/devices/0000:4e:00.0')).not.toContain('vfio-dev');
    buildHost(root, { ...plan, pciFunctions: [gpu] });
    expect(sys('bus/pci/devices').sort()).toEqual(['0000:16:01.0', '0000:1b:00.0']);
    expect(sys('kernel/iommu_groups')).toEqual(['42']);
  });

  test('rewrites a usage file in place, and starts over where damage stood', () => {
    const [container] = plan.hamiContainers;
    if (container === undefined) throw new Error('the plan has a container');
    const file = join(root, 'hami/containers/11111111-1111-4111-8111-111111111111_main/share.cache');
    const { ino } = statSync(file);
    buildHost(root, plan);
    expect(statSync(file).ino).toBe(ino);
    buildHost(root, { ...plan, hamiContainers: [{ ...container, damage: 'fifo' }] });
    expect(lstatSync(file).isFIFO()).toBe(true);
    buildHost(root, { ...plan, hamiContainers: [{ ...container, damage: 'symlink' }] });
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(() => writeUsageFile(file, '1.2', { devices: [] })).toThrow(/ELOOP/);
    buildHost(root, plan);
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['libvgpu.so', 'share.cache']);
  });
});

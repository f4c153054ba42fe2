// @ts-check
/** The QEMU process of a virtual machine that holds GPUs by VFIO, as libvirt starts it. */
import { machineCgroup } from './workloads.mjs';

/**
 * @typedef {import('./plan.mjs').ProcessPlan} ProcessPlan
 * @typedef {import('./plan.mjs').VirtualMachinePlan} VirtualMachinePlan
 */

/** The user libvirt runs QEMU as on Debian and Ubuntu. */
const LIBVIRT_QEMU_USER_ID = 64_055;

/**
 * @param {VirtualMachinePlan} machine
 * @param {readonly string[]} vfioNodes nodes of the machine's devices, relative to /dev
 * @returns {ProcessPlan}
 */
export function qemuProcess(machine, vfioNodes) {
  const memoryMib = Math.floor(machine.memoryBytes / 1_048_576);
  const devices = machine.hostDevices.flatMap((address, index) => [
    '-device',
    JSON.stringify({ driver: 'vfio-pci', host: address, id: `hostdev${index}`, bus: `pci.${index + 5}`, addr: '0x0' }),
  ]);
  return {
    pid: machine.pid,
    parentPid: 1,
    name: 'qemu-system-x86_64',
    arguments: [
      '/usr/bin/qemu-system-x86_64',
      '-name',
      `guest=${machine.name},debug-threads=on`,
      '-S',
      '-machine',
      'pc-q35-8.2,usb=off,dump-guest-core=off',
      '-accel',
      'kvm',
      '-cpu',
      'host,migratable=on',
      '-m',
      `size=${memoryMib * 1024}k`,
      '-smp',
      `${machine.virtualCpus},sockets=1,cores=${machine.virtualCpus},threads=1`,
      '-uuid',
      machine.uuid,
      ...devices,
      '-msg',
      'timestamp=on',
    ],
    environment: { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', USER: 'libvirt-qemu' },
    userId: LIBVIRT_QEMU_USER_ID,
    cgroup: machineCgroup(machine),
    startSeconds: 5_400 + machine.id * 37,
    // Passthrough pins all of the guest's memory.
    residentBytes: machine.memoryBytes + 96 * 1_048_576,
    deviceNodes: ['vfio/vfio', ...vfioNodes],
    anonymousHandles: ['anon_inode:kvm-vm', ...machine.hostDevices.map(() => 'anon_inode:[vfio-device]')],
    threadNames: ['IO mon_iothread', ...Array.from({ length: machine.virtualCpus }, (_, cpu) => `CPU ${cpu}/KVM`)],
  };
}

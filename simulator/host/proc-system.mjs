// @ts-check
/** Facts about the whole simulated machine in /proc and /sys: boot, memory, kernel, device numbers, NUMA nodes. */
import { cpuList } from './sys-pci.mjs';

/**
 * @typedef {import('./plan.mjs').HostPlan} HostPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/**
 * @param {Tree} proc
 * @param {Tree} sys
 * @param {HostPlan} plan
 */
export function writeSystem(proc, sys, plan) {
  proc.file('stat', statText(plan));
  proc.file('meminfo', meminfo(plan.memoryTotalBytes));
  proc.file('version', `Linux version ${plan.kernelRelease} (simulated) #1 SMP PREEMPT_DYNAMIC\n`);
  proc.file('cmdline', `BOOT_IMAGE=/boot/vmlinuz-${plan.kernelRelease} root=/dev/md0 ro iommu=pt\n`);
  proc.file('devices', devices(plan));
  proc.file('sys/kernel/osrelease', `${plan.kernelRelease}\n`);
  proc.file('sys/kernel/ostype', 'Linux\n');
  proc.file('sys/kernel/hostname', `${plan.hostname}\n`);
  proc.file('sys/kernel/pid_max', '4194304\n');
  proc.file('sys/kernel/tainted', plan.driver === undefined ? '0\n' : '4096\n');
  proc.file('sys/kernel/random/boot_id', `${plan.bootId}\n`);
  for (let node = 0; node < plan.numaNodes; node++) {
    sys.file(`devices/system/node/node${node}/cpulist`, `${cpuList(node, plan)}\n`);
  }
  sys.file('devices/system/node/online', plan.numaNodes === 1 ? '0\n' : `0-${plan.numaNodes - 1}\n`);
  sys.file('devices/system/cpu/online', `0-${plan.cpus - 1}\n`);
  // The unified hierarchy: a group per process, so that a reader finds members and limits where systemd puts them.
  sys.file('fs/cgroup/cgroup.controllers', 'cpuset cpu io memory hugetlb pids rdma misc\n');
  for (const [cgroup, pids] of membersByCgroup(plan)) {
    sys.file(`fs/cgroup${cgroup}/cgroup.procs`, pids.map((pid) => `${pid}\n`).join(''));
  }
}

/** @param {HostPlan} plan */
function membersByCgroup(plan) {
  /** @type {Map<string, number[]>} */
  const members = new Map();
  for (const process of plan.processes) {
    const pids = members.get(process.cgroup) ?? [];
    pids.push(process.pid);
    members.set(process.cgroup, pids);
  }
  return members;
}

/** @param {HostPlan} plan */
function statText(plan) {
  const zeros = Array(10).fill(0).join(' ');
  const cpus = Array.from({ length: plan.cpus }, (_, cpu) => `cpu${cpu} ${zeros}`);
  return [`cpu  ${zeros}`, ...cpus, `btime ${plan.bootUnixSeconds}`, `processes ${plan.processes.length}`, ''].join(
    '\n',
  );
}

/** @param {number} totalBytes */
function meminfo(totalBytes) {
  const row = (/** @type {string} */ label, /** @type {number} */ bytes) =>
    `${`${label}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;
  return row('MemTotal', totalBytes) + row('MemFree', totalBytes * 0.52) + row('MemAvailable', totalBytes * 0.71);
}

/** @param {HostPlan} plan */
function devices(plan) {
  const numbers = ['  1 mem', '  5 /dev/tty', ' 10 misc'];
  if (plan.driver !== undefined) numbers.push('195 nvidia', '195 nvidiactl', '236 nvidia-caps', '237 nvidia-uvm');
  if (plan.pciFunctions.some((pciFunction) => pciFunction.driver === 'vfio-pci')) numbers.push('511 vfio');
  return `Character devices:\n${numbers.join('\n')}\n\nBlock devices:\n259 blkext\n`;
}

// @ts-check
/**
 * Who the simulated processes belong to: turns the workloads of a scenario's `host` section into processes with the
 * control group, environment and PID namespace that systemd, containerd, Docker, Slurm or libvirt give them.
 */
import { createHash } from 'node:crypto';

/**
 * @typedef {import('./plan.mjs').ProcessPlan} ProcessPlan
 * @typedef {import('./plan.mjs').PodContainerPlan} PodContainerPlan
 */

/**
 * One process as written in a scenario.
 * @typedef {object} ProcessEntry
 * @property {number} pid
 * @property {string} name
 * @property {string[]} [arguments] absent = `/usr/bin/<name>` alone
 * @property {Record<string, string>} [environment]
 * @property {number} [user] user id, absent = 0
 * @property {number} [startSeconds] after boot
 * @property {number} [residentBytes]
 * @property {string[]} [threads] names of threads beside the first
 */

/**
 * One workload as written in a scenario: exactly one of `pod`, `docker`, `slurm`, `unit`, `session` says what it is.
 * @typedef {object} WorkloadEntry
 * @property {{ namespace: string, name: string, uid: string, container: string, qos?: 'guaranteed' | 'burstable' | 'besteffort' }} [pod]
 * @property {{ name: string }} [docker]
 * @property {{ job: number, step: number | string, user: number }} [slurm]
 * @property {string} [unit] a system service, e.g. `ollama.service`
 * @property {{ user: number, number: number }} [session] a login session
 * @property {ProcessEntry[]} processes
 */

/** GPU processes keep tens of megabytes of host memory; used where a scenario does not care. */
const USUAL_RESIDENT_BYTES = 734_003_200;

/**
 * @param {WorkloadEntry} workload
 * @param {(pid: number) => readonly string[]} deviceNodesOf open device nodes of a process, relative to /dev
 * @returns {ProcessPlan[]}
 */
export function processesOf(workload, deviceNodesOf) {
  const isContainer = workload.pod !== undefined || workload.docker !== undefined;
  const cgroup = cgroupOf(workload);
  const environment = environmentOf(workload);
  return workload.processes.map((entry, index) => ({
    pid: entry.pid,
    parentPid: index === 0 ? 1 : (workload.processes[0]?.pid ?? 1),
    ...(isContainer ? { containerPid: index + 1 } : {}),
    name: entry.name,
    arguments: entry.arguments ?? [`/usr/bin/${entry.name}`],
    environment: { ...environment, ...entry.environment },
    userId: entry.user ?? workload.slurm?.user ?? workload.session?.user ?? 0,
    cgroup,
    startSeconds: entry.startSeconds ?? 3_600 + (entry.pid % 1_000),
    residentBytes: entry.residentBytes ?? USUAL_RESIDENT_BYTES + entry.pid * 4_096,
    deviceNodes: deviceNodesOf(entry.pid),
    anonymousHandles: ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]'],
    threadNames: entry.threads ?? [],
  }));
}

/**
 * The container behind a pod workload.
 * @param {WorkloadEntry} workload
 * @returns {PodContainerPlan | undefined} undefined for everything that is no pod
 */
export function podContainerOf(workload) {
  const { pod } = workload;
  if (pod === undefined) return undefined;
  return {
    id: containerId(`${pod.uid}/${pod.container}`),
    sandboxId: containerId(pod.uid),
    namespace: pod.namespace,
    pod: pod.name,
    podUid: pod.uid,
    container: pod.container,
    cgroup: cgroupOf(workload),
    arguments: workload.processes[0]?.arguments ?? [],
    environment: { ...environmentOf(workload), ...workload.processes[0]?.environment },
  };
}

/**
 * The control group libvirt's scope gives a domain: systemd's escape of the dashes in `qemu-<id>-<name>`.
 * @param {{ id: number, name: string }} machine
 */
export function machineCgroup(machine) {
  const scope = `qemu-${machine.id}-${machine.name}`.replaceAll('-', '\\x2d');
  return `/machine.slice/machine-${scope}.scope/libvirt/emulator`;
}

/** @param {WorkloadEntry} workload */
function cgroupOf(workload) {
  const { pod, docker, slurm, unit, session } = workload;
  if (pod !== undefined) {
    const uid = pod.uid.replaceAll('-', '_');
    const scope = `cri-containerd-${containerId(`${pod.uid}/${pod.container}`)}.scope`;
    const qos = pod.qos ?? 'burstable';
    return qos === 'guaranteed'
      ? `/kubepods.slice/kubepods-pod${uid}.slice/${scope}`
      : `/kubepods.slice/kubepods-${qos}.slice/kubepods-${qos}-pod${uid}.slice/${scope}`;
  }
  if (docker !== undefined) return `/system.slice/docker-${containerId(docker.name)}.scope`;
  if (slurm !== undefined) return `/system.slice/slurmstepd.scope/job_${slurm.job}/step_${slurm.step}/user/task_0`;
  if (session !== undefined) return `/user.slice/user-${session.user}.slice/session-${session.number}.scope`;
  if (unit !== undefined) return `/system.slice/${unit}`;
  throw new RangeError('a workload needs one of pod, docker, slurm, unit, session');
}

/**
 * @param {WorkloadEntry} workload
 * @returns {Record<string, string>}
 */
function environmentOf(workload) {
  const { pod, slurm } = workload;
  if (pod !== undefined) return { HOSTNAME: pod.name, KUBERNETES_SERVICE_PORT: '443' };
  if (slurm !== undefined) return { SLURM_JOB_ID: String(slurm.job), SLURM_STEP_ID: String(slurm.step) };
  return { LANG: 'C.UTF-8' };
}

/**
 * A container id, 64 hexadecimal digits, the same each time.
 * @param {string} seed
 */
function containerId(seed) {
  return createHash('sha256').update(seed).digest('hex');
}

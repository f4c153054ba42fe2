/** What a cgroup path says of a process. Texts come from the node's own managers, or from a container: see below. */
export type CgroupName =
  | { readonly kind: 'pod'; readonly podUid: string; readonly containerId: string | undefined }
  | { readonly kind: 'container'; readonly containerId: string; readonly engine: string | undefined }
  | { readonly kind: 'vm'; readonly machine: string }
  | { readonly kind: 'slurm'; readonly jobId: string }
  | { readonly kind: 'unit'; readonly unit: string };

// Systemd driver: dashes of the UID are underscores. Cgroupfs driver: dashes. Static pods: 32 hex digits.
const POD_SLICE =
  /^(?:[a-z0-9_]+-)*?(?:kubepods-)?(?:(?:burstable|besteffort)-)?pod([0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}|[0-9a-f]{32})\.slice(?::[a-z-]+:([0-9a-f]{64}))?$/;
const POD_FOLDER = /^pod([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/;
const CONTAINER = /^(?:(cri-containerd|crio|docker|libpod-payload|libpod|nerdctl)-)?([0-9a-f]{64})(?:\.scope)?$/;
const MACHINE_SCOPE = /^machine-(.+)\.scope$/;
const MACHINE_FOLDER = /^qemu-\d+-(.+)\.libvirt-qemu$/;
const SLURM_STEPD = /^(?:.+_)?slurmstepd\.scope$/;
const SLURM_V1 = /^slurm(?:_.+)?$/;
const JOB = /^job_(\d+)$/;
const UNIT = /\.(?:service|scope)$/;
const USER_MANAGER = /^user@\d+\.service$/;
/** Services of root below which runtimes put pods when they do not use the systemd driver. */
const RUNTIME_SERVICE = /^(?:containerd|crio|docker|kubelet|k3s|k3s-agent|rke2-server|rke2-agent)\.service$/;
/** Proxmox: `/qemu.slice/<number>.scope`. */
const PROXMOX_SCOPE = /^(\d+)\.scope$/;

/**
 * Reads `/proc/<pid>/cgroup`. Works on v1, v2 and hybrid hosts: the line that says most wins. Segments are read from
 * the outside in and the first that names something counts, since what lies deeper may have been made by the
 * container itself. Below a unit only its owner writes: an ordinary user makes any folder below `user@….service`, so no
 * pod, machine or Slurm job is believed there. Leading `/..` of a reader in its own cgroup namespace and a trailing ` (deleted)` are ignored.
 */
export function cgroupName(text: string): CgroupName | undefined {
  let unit: CgroupName | undefined;
  for (const line of text.split('\n')) {
    const path = line
      .split(':')
      .slice(2)
      .join(':')
      .replace(/ \(deleted\)$/, '');
    const name = nameOfPath(path);
    if (name !== undefined && name.kind !== 'unit') return name;
    unit ??= name;
  }
  return unit;
}

function nameOfPath(path: string): CgroupName | undefined {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '..');
  let unit: string | undefined;
  let user: string | undefined;
  for (const [index, segment] of segments.entries()) {
    const trusted = user === undefined && (unit === undefined || RUNTIME_SERVICE.test(unit));
    const name = trusted ? managed(segments, index) : undefined;
    if (name !== undefined) return name;
    const container = CONTAINER.exec(segment);
    if (container?.[2] !== undefined) return { kind: 'container', containerId: container[2], engine: container[1] };
    if (USER_MANAGER.test(segment)) user ??= segment;
    else if (UNIT.test(segment) && segment !== 'init.scope') unit ??= segment;
  }
  // A user's own unit may be called like one of the system.
  const owner = user === undefined ? '' : `${user}/`;
  return unit === undefined ? undefined : { kind: 'unit', unit: unescaped(owner + unit) };
}

/** What a manager that runs as root names by this segment: a pod, a machine or a Slurm job. */
function managed(segments: readonly string[], index: number): CgroupName | undefined {
  const segment = segments[index] as string;
  const inner = segments[index + 1];
  const pod = POD_SLICE.exec(segment) ?? POD_FOLDER.exec(segment);
  if (pod?.[1] !== undefined) {
    const containerId = pod[2] ?? (inner === undefined ? undefined : CONTAINER.exec(inner)?.[2]);
    return { kind: 'pod', podUid: pod[1].replaceAll('_', '-'), containerId };
  }
  const machine = MACHINE_SCOPE.exec(segment)?.[1];
  if (machine !== undefined) return { kind: 'vm', machine: machineName(machine) };
  const folder = MACHINE_FOLDER.exec(segment)?.[1];
  if (folder !== undefined) return { kind: 'vm', machine: folder };
  const number = index === 1 && segments[0] === 'qemu.slice' ? PROXMOX_SCOPE.exec(segment)?.[1] : undefined;
  if (number !== undefined) return { kind: 'vm', machine: number };
  if (SLURM_STEPD.test(segment) || (index === 0 && SLURM_V1.test(segment))) {
    const jobId = segments
      .slice(index + 1, index + 3)
      .map((one) => JOB.exec(one)?.[1])
      .find((id) => id !== undefined);
    if (jobId !== undefined) return { kind: 'slurm', jobId };
  }
  return undefined;
}

/** `qemu\x2d2\x2dinstance\x2d00000001` → `instance-00000001`: the number counts starts, it is not the machine's. */
function machineName(escaped: string): string {
  return unescaped(escaped).replace(/^qemu-\d+-/, '');
}

/** Undoes systemd's `\xHH` (systemd-escape(1)). */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

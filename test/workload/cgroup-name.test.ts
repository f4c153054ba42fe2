import { describe, expect, it } from 'vitest';
import { cgroupName } from '../../src/workload/cgroup-name.js';

const ID = '9ab0464a'.repeat(8);
const OTHER = '11223344'.repeat(8);
const UID = 'c2d4286a-0fd0-470c-a7b3-82cf5ddadd5d';
const UNDERSCORED = UID.replaceAll('-', '_');
const STATIC = 'a19d3e32928e61178426b43c5e6c7da9';
const pod = (podUid: string, containerId: string | undefined = ID) => ({ kind: 'pod', podUid, containerId });

describe('cgroup paths', () => {
  it.each([
    [
      'systemd driver, burstable',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDERSCORED}.slice/cri-containerd-${ID}.scope`,
      pod(UID),
    ],
    [
      'systemd driver, guaranteed',
      `0::/kubepods.slice/kubepods-pod${UNDERSCORED}.slice/cri-containerd-${ID}.scope`,
      pod(UID),
    ],
    [
      'CRI-O with a leaf',
      `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORED}.slice/crio-${ID}.scope/container`,
      pod(UID),
    ],
    ['cgroupfs driver', `4:memory:/kubepods/besteffort/pod${UID}/${ID}\n0::/`, pod(UID)],
    ['cgroupfs below a root of its own', `0::/kt123/kubepods/pod${UID}/${ID}`, pod(UID)],
    ['static pod', `0::/kubepods/burstable/pod${STATIC}/${ID}`, pod(STATIC)],
    [
      'runtime without the systemd driver',
      `0::/system.slice/containerd.service/kubepods-burstable-pod${UNDERSCORED}.slice:cri-containerd:${ID}`,
      pod(UID),
    ],
    [
      'reader in its own cgroup namespace',
      `0::/../../kubepods-burstable.slice/kubepods-burstable-pod${UNDERSCORED}.slice/cri-containerd-${ID}.scope`,
      pod(UID),
    ],
    ['dying process', `0::/kubepods/pod${UID}/${ID} (deleted)`, pod(UID)],
    ['docker', `0::/system.slice/docker-${ID}.scope`, { kind: 'container', containerId: ID, engine: 'docker' }],
    [
      'podman',
      `0::/machine.slice/libpod-${ID}.scope/container`,
      { kind: 'container', containerId: ID, engine: 'libpod' },
    ],
    [
      'libvirt with systemd',
      String.raw`0::/machine.slice/machine-qemu\x2d2\x2dinstance\x2d00000001.scope/libvirt/emulator`,
      { kind: 'vm', machine: 'instance-00000001' },
    ],
    [
      'libvirt without systemd',
      '4:memory:/machine/qemu-1-instance-00000001.libvirt-qemu\n0::/',
      { kind: 'vm', machine: 'instance-00000001' },
    ],
    ['Slurm v2', '0::/system.slice/slurmstepd.scope/job_42/step_0/user/task_0', { kind: 'slurm', jobId: '42' }],
    ['Slurm of Debian', '0::/system.slice/node1_slurmstepd.scope/job_7/step_batch', { kind: 'slurm', jobId: '7' }],
    ['Slurm v1', '4:memory:/slurm/uid_1000/job_9/step_0', { kind: 'slurm', jobId: '9' }],
    ['service', '0::/system.slice/nvidia-persistenced.service', { kind: 'unit', unit: 'nvidia-persistenced.service' }],
    ['session', '0::/user.slice/user-1000.slice/session-3.scope', { kind: 'unit', unit: 'session-3.scope' }],
    ['root', '0::/', undefined],
    ['init', '0::/init.scope', undefined],
  ])('%s', (_what, text, expected) => {
    expect(cgroupName(text)).toEqual(expected);
  });

  it('believe the outermost pod, not one that a container nested below its own', () => {
    const victim = 'ffffffff-0000-4000-8000-000000000001';
    const text = `0::/kubepods/pod${UID}/${ID}/kubepods/pod${victim}/${OTHER}`;
    expect(cgroupName(text)).toEqual(pod(UID));
  });

  it('of a process in the pod but in no container have no container id', () => {
    expect(cgroupName(`0::/kubepods/pod${UID}`)).toEqual({ kind: 'pod', podUid: UID, containerId: undefined });
  });

  it.each([
    ['a pod', `kubepods/pod${UID}/${OTHER}`],
    ['a pod of the systemd driver', `kubepods.slice/kubepods-pod${UNDERSCORED}.slice/cri-containerd-${OTHER}.scope`],
    ['a machine', String.raw`machine.slice/machine-qemu\x2d2\x2dinstance.scope`],
    ['a machine without systemd', 'machine/qemu-1-instance.libvirt-qemu'],
    ['a Slurm job', 'system.slice/slurmstepd.scope/job_42/step_0'],
  ])('of an ordinary user do not pass as %s', (_what, claim) => {
    const home = '0::/user.slice/user-1000.slice/user@1000.service';
    const below = [home, `${home}/app.slice`, `${home}/containerd.service`, '0::/system.slice/job.service'];
    for (const path of below.map((folder) => `${folder}/${claim}`))
      expect(['unit', 'container', undefined]).toContain(cgroupName(path)?.kind);
  });

  it('tell a user’s unit from the system’s of the same name', () => {
    const text = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/nvidia-persistenced.service';
    expect(cgroupName(text)).toEqual({ kind: 'unit', unit: 'user@1000.service/nvidia-persistenced.service' });
  });

  it('name a machine of Proxmox by its number', () => {
    expect(cgroupName('0::/qemu.slice/101.scope')).toEqual({ kind: 'vm', machine: '101' });
    expect(cgroupName('0::/system.slice/qemu.slice/101.scope')?.kind).toBe('unit');
  });
});

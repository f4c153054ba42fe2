import { describe, expect, it } from 'vitest';
import { machineArguments, splitCommandLine } from '../../src/workload/command-line.js';
import { identify, merge } from '../../src/workload/identify.js';
import { type ProcessIdentity, parseNamespacePids, parseStat } from '../../src/workload/process-identity.js';

const ID = 'ab'.repeat(32);
const UID = 'c2d4286a-0fd0-470c-a7b3-82cf5ddadd5d';

const process = (change: Partial<ProcessIdentity>): ProcessIdentity => ({
  pid: 4242,
  startTicks: 77,
  comm: 'python3',
  cgroup: '0::/',
  namespacePids: undefined,
  commandLine: undefined,
  ...change,
});

describe('who a process belongs to', () => {
  const directory = (container: string, ...processes: { pid: number; hostPid: number | undefined }[]) => ({
    podUid: UID,
    container,
    processes,
  });
  const inPod = process({ cgroup: `0::/kubepods/pod${UID}/${ID}`, namespacePids: [4242, 17] });
  const id = `pod-${UID}/${ID.slice(0, 12)}`;

  it('names the container of a pod by the one HAMi directory whose file lists the process', () => {
    const named = { id, kind: 'pod', podUid: UID, name: `${UID}/train`, container: 'train', namedBy: 'hami' };
    expect(identify(inPod, [directory('train', { pid: 17, hostPid: 4242 }), directory('b')])).toMatchObject(named);
    expect(identify(inPod, [directory('train', { pid: 17, hostPid: undefined })])).toMatchObject(named);
  });

  it('does not name a container by the directory of the one beside it', () => {
    const unnamed = { id, name: `${UID}/${ID.slice(0, 12)}`, container: undefined, namedBy: 'cgroup' };
    expect(identify(inPod, [directory('train', { pid: 17, hostPid: 9 })])).toMatchObject(unnamed);
    expect(identify(inPod, [directory('train')])).toMatchObject(unnamed);
    const other = { ...directory('x', { pid: 17, hostPid: 4242 }), podUid: 'ffffffff-0000-4000-8000-000000000001' };
    expect(identify(inPod, [other])).toMatchObject(unnamed);
  });

  it('does not guess between two containers of the pod', () => {
    const both = [directory('a', { pid: 17, hostPid: undefined }), directory('b', { pid: 17, hostPid: undefined })];
    expect(identify(inPod, both)).toMatchObject({ id, container: undefined, namedBy: 'cgroup' });
  });

  it('keeps its id when HAMi directories come and go, and its name only where all agree', () => {
    const unlisted = identify({ ...inPod, pid: 5 }, []);
    const train = identify(inPod, [directory('train', { pid: 17, hostPid: 4242 })]);
    const other = identify(inPod, [directory('other', { pid: 17, hostPid: 4242 })]);
    expect(merge([unlisted, train])).toMatchObject([{ id, container: 'train', namedBy: 'hami', pids: [5, 4242] }]);
    expect(merge([train, unlisted])).toMatchObject([{ id, container: 'train', pids: [4242, 5] }]);
    expect(merge([train, other, train])).toMatchObject([
      { id, name: unlisted.name, container: undefined, namedBy: 'cgroup' },
    ]);
  });

  it('prefers the name on the machine’s command line to the cut one of its scope', () => {
    const workload = identify(
      process({
        comm: 'qemu-system-x86',
        cgroup: String.raw`0::/machine.slice/machine-qemu\x2d2\x2dinstance.scope/libvirt`,
        commandLine: ['/usr/bin/qemu-system-x86_64', '-name', 'guest=instance-00000001,debug-threads=on', '-uuid', 'x'],
      }),
      [],
    );
    expect(workload).toMatchObject({
      id: 'vm-instance-00000001',
      kind: 'vm',
      vm: 'instance-00000001',
      namedBy: 'cmdline',
    });
  });

  it('does not let a container pass as a machine', () => {
    const workload = identify(
      process({ comm: 'qemu', cgroup: `0::/kubepods/pod${UID}/${ID}`, commandLine: ['qemu', '-name', 'victim'] }),
      [],
    );
    expect(workload.kind).toBe('pod');
  });

  it('does not let a process outside a machine’s scope pass as a machine by its command line', () => {
    const commandLine = ['qemu-system-x86_64', '-name', 'guest=victim', '-uuid', 'x'];
    for (const cgroup of ['0::/', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service', undefined]) {
      const workload = identify(process({ comm: 'qemu-system-x86', cgroup, commandLine }), []);
      expect(workload.kind).not.toBe('vm');
      expect(workload.vm).toBeUndefined();
    }
  });

  it('tells a bare process by pid and start, and takes control characters out of its title', () => {
    const workload = identify(process({ comm: 'a\nb', commandLine: ['x\u001b[31m', 'y'] }), []);
    expect(workload).toMatchObject({ id: 'process-4242-77', name: 'a?b', command: 'x?[31m y', namedBy: 'proc' });
  });

  it('takes out of a title whatever else a terminal would obey or a reader be misled by', () => {
    const workload = identify(process({ comm: 'a\u009b31mb', commandLine: ['x\u202egnp\u200b', 'y'] }), []);
    expect(workload).toMatchObject({ name: 'a?31mb', command: 'x?gnp? y' });
  });

  it('joins the processes of one workload', () => {
    const a = identify(process({ cgroup: '0::/system.slice/x.service' }), []);
    const b = identify(process({ pid: 5, cgroup: '0::/system.slice/x.service' }), []);
    expect(merge([a, b])).toEqual([{ ...a, pids: [4242, 5] }]);
  });
});

describe('procfs texts', () => {
  it('stat is read from the last bracket', () => {
    const fields = Array.from({ length: 40 }, (_, i) => String(i + 3));
    expect(parseStat(`7 (a) (b) ) ${fields.join(' ')}`)).toEqual({ comm: 'a) (b) ', startTicks: 22 });
    expect(parseStat('7 broken')).toBeUndefined();
  });

  it('namespace pids are read from the outermost to the innermost', () => {
    expect(parseNamespacePids('Name:\tx\nNSpid:\t4242\t17\t1\nThreads:\t1')).toEqual([4242, 17, 1]);
    expect(parseNamespacePids('Name:\tx')).toBeUndefined();
  });

  it('a machine’s name may have doubled commas and quotes', () => {
    const args = splitCommandLine('qemu\0-name\0guest="a,,b",debug-threads=on\0');
    expect(machineArguments(args)).toEqual({ name: 'a,b', uuid: undefined });
    expect(machineArguments(['sleep', '1'])).toBeUndefined();
  });
});

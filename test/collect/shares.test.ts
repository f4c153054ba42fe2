import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/collect/events.js';
import { gpuOf } from '../../src/collect/gpus.js';
import { hamiSweep, type ShareContext, sharePartitions } from '../../src/collect/hami.js';
import type { HamiContainer, HamiSnapshot, ProcessSnapshot } from '../../src/native/addon.js';
import { identify } from '../../src/workload/identify.js';
import type { ProcessIdentity } from '../../src/workload/process-identity.js';
import { GATHERED_SECONDS, gpuRecord, hamiContainer } from './records.js';

const POD = 'c2d4286a-0fd0-470c-a7b3-82cf5ddadd5d';
const VICTIM = 'ffffffff-0fd0-470c-a7b3-82cf5ddadd5d';

const sweep = (...containers: HamiContainer[]): HamiSnapshot => ({
  published: 1,
  sweptMonotonicNs: 1,
  truncated: false,
  containers,
});

const driverProcess = (pid: number, usedMemoryBytes: number, type = 0): ProcessSnapshot => ({
  pid,
  type,
  usedMemoryBytes,
  gpuInstance: 0xffffffff,
  computeInstance: 0xffffffff,
});

/** A node with GPU 0, processes on it and what /proc says of them: pid → pod UID, pid in the container. */
function node(
  processes: readonly ProcessSnapshot[],
  owners: Record<number, [pod: string, inner: number]>,
): ShareContext {
  const gpu = gpuOf(
    gpuRecord(0, { compute_processes: processes.length }, { processes, processTotal: processes.length }),
    {
      moment: { monotonicSeconds: GATHERED_SECONDS, unixSeconds: 0 },
      staleAfterSeconds: 10,
      stuckCalls: [],
      released: [],
      setAside: [],
      historyOf: (uuid, index) => new EventLog().historyOf(uuid, index),
    },
  );
  const identityOf = (pid: number): ProcessIdentity | undefined => {
    const owner = owners[pid];
    if (owner === undefined) return undefined;
    const cgroup = `0::/kubepods/pod${owner[0]}/${'ab'.repeat(32)}`;
    return { pid, startTicks: 1, comm: 'x', cgroup, namespacePids: [pid, owner[1]], commandLine: undefined };
  };
  const workloadOf = (pid: number) => {
    const identity = identityOf(pid);
    return identity === undefined ? undefined : identify(identity, []);
  };
  return { gpus: [gpu], inventoryKnown: true, identityOf, workloadOf };
}

describe('a share', () => {
  it('shows what the container claims beside what the driver says', () => {
    const context = node([driverProcess(4242, 280)], { 4242: [POD, 9] });
    const [share] = sharePartitions(sweep(hamiContainer()), context);
    expect(share).toMatchObject({
      id: `GPU-00000000-0000-4000-8000-000000000000/${POD}/train`,
      gpuIndex: 0,
      memoryTotalBytes: 1000,
      memoryUsedBytes: 280,
      smLimitRatio: 0.5,
      utilizationRatio: 0.4,
      share: { reportedBytes: 300, actualBytes: 280, blocked: false },
    });
    expect(share?.workloads).toHaveLength(1);
  });

  it('does not get the memory of a process that its file claims and another pod owns', () => {
    const context = node([driverProcess(4242, 280)], { 4242: [VICTIM, 9] });
    expect(sharePartitions(sweep(hamiContainer()), context)[0]?.share?.actualBytes).toBeUndefined();
  });

  it('finds its processes by their pid in the container when the host’s is not written', () => {
    const context = node([driverProcess(4242, 280), driverProcess(4243, 7)], { 4242: [POD, 9], 4243: [POD, 10] });
    const container = hamiContainer({ processes: [{ pid: 9, hostPid: undefined, status: 1 }] });
    expect(sharePartitions(sweep(container), context)[0]?.share?.actualBytes).toBe(280);
  });

  it('counts a process in two lists of the driver once', () => {
    const context = node([driverProcess(4242, 280, 0), driverProcess(4242, 280, 1)], { 4242: [POD, 9] });
    expect(sharePartitions(sweep(hamiContainer()), context)[0]?.memoryUsedBytes).toBe(280);
  });

  it('of a GPU that is not here is not shown, except while the inventory is not known', () => {
    const container = hamiContainer({ device: { uuid: 'GPU-invented' } });
    const context = node([], {});
    expect(sharePartitions(sweep(container), context)).toEqual([]);
    expect(sharePartitions(sweep(container), { ...context, inventoryKnown: false })).toHaveLength(1);
  });

  it('with implausible sums and no limits has no numbers instead of wrong ones', () => {
    const container = hamiContainer({
      device: {
        plausible: false,
        usedBytes: 2 ** 63,
        memoryLimited: false,
        smLimited: false,
        smUtilPercent: undefined,
      },
    });
    expect(sharePartitions(sweep(container), node([], {}))[0]).toMatchObject({
      memoryTotalBytes: undefined,
      memoryUsedBytes: undefined,
      smLimitRatio: undefined,
      utilizationRatio: undefined,
      share: { reportedBytes: undefined },
    });
  });
});

describe('the sweep', () => {
  it('counts refusals by reason, but no states that healthy containers pass through', () => {
    const result = hamiSweep(
      sweep(
        hamiContainer(),
        hamiContainer({ container: 'a', refusal: 'no_cache_file', ordinary: true }),
        hamiContainer({ container: 'b', refusal: 'symlink', ordinary: false }),
        hamiContainer({ container: 'c', refusal: 'symlink', ordinary: false }),
      ),
    );
    expect(result).toMatchObject({ directories: 4, files: 1, refusedByReason: { symlink: 2 } });
    expect(result.refused[0]).toEqual({ directory: `${POD}_b`, reason: 'symlink' });
  });
});

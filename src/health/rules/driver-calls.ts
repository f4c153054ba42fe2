import type { Finding } from '../../model/finding.js';
import { gpuName } from '../../model/gpu-identity.js';
import type { StuckCall } from '../../model/node-state.js';
import { gpuOfCall, isCallOf, placeOfCall } from '../../model/stuck-call.js';
import { evidence, type Judged, rule, type Sight } from '../rule.js';

const facts = (call: StuckCall) =>
  evidence({
    function: call.function,
    seconds: Math.round(call.seconds * 10) / 10,
    sampler_pid: call.samplerPid,
    tid: call.tid,
    thread_state: call.threadState,
    wchan: call.wchan,
    syscall_number: call.syscallNumber,
    gpu_index: call.gpuIndex,
  });

const since = (call: StuckCall, state: Judged) => state.atUnixSeconds - call.seconds;

function subjectOf(call: StuckCall): Finding['subject'] {
  const gpu = gpuOfCall(call);
  return gpu === undefined ? { kind: 'node', id: call.lane } : { kind: 'gpu', id: gpuName(gpu) };
}

/** ` on GPU 3`, or nothing. */
function onGpu(call: StuckCall): string {
  const place = placeOfCall(call);
  return place === undefined ? '' : ` on ${place}`;
}

/** `has not come back for 4 s`, or where the kernel has it. */
function waiting(call: StuckCall): string {
  const duration = `for ${Math.round(call.seconds)} s`;
  if (call.threadState !== 'D') return `has not come back ${duration}`;
  const where = call.wchan === undefined ? '' : ` in ${call.wchan}`;
  return `has been asleep in the kernel${where} ${duration} and cannot be ended`;
}

/** One call per GPU, or per lane that is none: the one that has taken longest. */
function longest(calls: readonly StuckCall[]): readonly StuckCall[] {
  const byKey = new Map<string, StuckCall>();
  for (const call of calls) {
    const key = `${call.lane} ${subjectOf(call).id}`;
    const before = byKey.get(key);
    if (before === undefined || before.seconds < call.seconds) byKey.set(key, call);
  }
  return [...byKey.values()];
}

/**
 * Whether the whole driver hangs for the sampler that is shown: a call of no GPU is stuck (loading, init, shutdown) and
 * no GPU is read, or of two and more GPUs that are not lost or handed back every one is stuck.
 */
export function isDriverStalled({ callsInForce, gpus }: Judged): boolean {
  const stuck = callsInForce.filter(({ verdict }) => verdict === 'stuck');
  if (stuck.some(({ lane }) => lane === 'control')) return gpus.every(({ condition }) => condition !== 'up');
  const own = gpus.filter(
    ({ condition }) => condition !== 'excluded' && condition !== 'lost' && condition !== 'failed',
  );
  return own.length > 1 && own.every((gpu) => stuck.some((call) => isCallOf(call, gpu)));
}

/** Calls in force, and those of a successor on its way: what it waits for is news although it is not shown yet. */
function worthSaying({ callsInForce, sampling }: Judged): readonly StuckCall[] {
  const starting = sampling.processes.filter(({ role }) => role === 'starting').map(({ pid }) => pid);
  return [...callsInForce, ...sampling.stuckCalls.filter(({ samplerPid }) => starting.includes(samplerPid))];
}

/** `driver_stalled`: one finding instead of one per GPU. */
export const driverStalled = rule({
  code: 'driver_stalled',
  title: 'The whole driver hangs',
  raised:
    'A call that is about no single GPU is stuck while no GPU is read, or the calls of two and more GPUs, and of every one that could be read, are stuck at the same time.',
  cleared: 'A call comes back.',
  source: 'Watch over every NVML call; evidence from /proc/<sampler>/task/<tid>',
  severities: ['critical'],
  actions: ['reboot_node'],
  look: (state) => {
    if (!isDriverStalled(state)) return [];
    const stuck = state.callsInForce.filter(({ verdict }) => verdict === 'stuck');
    const first = stuck.reduce((a, b) => (b.seconds > a.seconds ? b : a));
    return [
      {
        severity: 'critical',
        subject: { kind: 'node', id: 'driver' },
        sinceUnixSeconds: since(first, state),
        reason: `The NVIDIA driver answers no call: ${first.function} ${waiting(first)}.`,
        evidence: { ...facts(first), stuck_calls: stuck.length },
        action: 'reboot_node',
        nextStep:
          'Look for NVRM lines in the kernel log (dmesg). If they name one GPU, drain the node and reset it; else drain and reboot. GPU readings come back by themselves when the driver answers again.',
      },
    ];
  },
});

/**
 * `gpu_call_stuck`: one per GPU. It holds on while the GPU is left out afterwards: a GPU that hangs on every touch
 * would else be found and forgotten again each time it is tried.
 */
export const stuckCall = rule({
  code: 'gpu_call_stuck',
  title: 'A driver call does not come back',
  raised: 'A call has not come back by the deadline of its class (settings sampler.deadline-…).',
  cleared: 'The call has come back, and the GPU has been read again.',
  source: 'Watch over every NVML call; evidence from /proc/<sampler>/task/<tid>',
  severities: ['critical'],
  actions: ['drain', 'watch'],
  look: (state) => {
    if (isDriverStalled(state)) return [];
    const stuck = longest(worthSaying(state).filter(({ verdict }) => verdict === 'stuck'));
    const quiet = state.setAside.filter((one) => !stuck.some((call) => isCallOf(call, one.gpu)));
    return [
      ...stuck.map((call): Sight => {
        return {
          severity: 'critical',
          subject: subjectOf(call),
          sinceUnixSeconds: since(call, state),
          reason: `${call.function} ${waiting(call)}${onGpu(call)}.`,
          evidence: facts(call),
          ...(call.lane === 'gpu' ? GPU_HANGS : call.lane === 'hami' ? HAMI_HANGS : CALL_OF_NO_GPU_HANGS),
        };
      }),
      ...quiet.map(
        ({ gpu, sinceUnixSeconds, againUnixSeconds, lastCall }): Sight => ({
          severity: 'critical',
          subject: { kind: 'gpu', id: gpuName(gpu) },
          sinceUnixSeconds,
          reason: `${lastCall?.function ?? 'A call'} hung on GPU ${gpu.index ?? gpuName(gpu)}, which is left out for a while.`,
          evidence: evidence({
            ...(lastCall === undefined ? {} : facts(lastCall)),
            gpu_index: gpu.index,
            again_in_seconds:
              againUnixSeconds === undefined
                ? undefined
                : Math.max(0, Math.round(againUnixSeconds - state.atUnixSeconds)),
          }),
          ...GPU_HANGS,
        }),
      ),
    ];
  },
});

/** What to do about a call that is stuck. */
type Advice = Pick<Sight, 'action' | 'nextStep'>;

const GPU_HANGS: Advice = {
  action: 'drain',
  nextStep:
    'Look for NVRM and XID lines of this GPU in the kernel log (dmesg), move its workloads away and reset it (nvidia-smi --gpu-reset); if the reset hangs too, reboot.',
};

const HAMI_HANGS: Advice = {
  action: 'watch',
  nextStep: 'The file system with the HAMi directories does not answer: check its mount.',
};

const CALL_OF_NO_GPU_HANGS: Advice = {
  action: 'drain',
  nextStep:
    'The call is about no single GPU, and the GPUs are still read. Look for NVRM lines in the kernel log (dmesg); a driver that keeps a call like this for minutes comes back with a reboot.',
};

/** `gpu_call_slow`: information below half a minute, a warning above. */
export const slowCall = rule({
  code: 'gpu_call_slow',
  title: 'A driver call takes long',
  raised: 'A call has not come back after 3 s, or half the deadline of its class; a warning after half a minute.',
  cleared: 'The call has come back, or is stuck.',
  source: 'Watch over every NVML call',
  severities: ['info', 'warning'],
  actions: ['watch'],
  look: (state) => {
    if (isDriverStalled(state)) return [];
    const slow = worthSaying(state).filter(({ verdict }) => verdict === 'slow');
    return longest(slow).map(
      (call): Sight => ({
        severity: call.seconds < 30 ? 'info' : 'warning',
        subject: subjectOf(call),
        sinceUnixSeconds: since(call, state),
        reason: `${call.function} has taken ${Math.round(call.seconds)} s so far${onGpu(call)}.`,
        evidence: facts(call),
        action: 'watch',
        nextStep:
          'Nothing yet. Without persistence mode the first look at an idle GPU takes seconds: consider nvidia-persistenced. If this comes again, look into the kernel log.',
      }),
    );
  },
});

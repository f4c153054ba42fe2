import type { Finding } from '../model/finding.js';
import type { StuckCall } from '../model/node-state.js';
import { evidence, type Judged, type Rule, type Verdict } from './rule.js';

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
  if (call.lane === 'gpu') return { kind: 'gpu', id: call.gpuUuid ?? String(call.gpuIndex) };
  return { kind: 'node', id: call.lane };
}

function asleep(call: StuckCall): string {
  if (call.threadState !== 'D') return 'has not come back';
  return call.wchan === undefined ? 'sleeps in the kernel' : `sleeps in the kernel (${call.wchan})`;
}

/** One call per GPU, or per lane that is none: the one that has taken longest. */
function longest(calls: readonly StuckCall[]): readonly StuckCall[] {
  const byKey = new Map<string, StuckCall>();
  for (const call of calls) {
    const key = `${call.lane} ${call.gpuIndex ?? ''}`;
    const before = byKey.get(key);
    if (before === undefined || before.seconds < call.seconds) byKey.set(key, call);
  }
  return [...byKey.values()];
}

/**
 * Whether the whole driver hangs: loading or init is stuck, or of two and more GPUs that are not lost or handed back
 * every one is.
 */
export function isDriverStalled({ sampling, gpus }: Judged): boolean {
  const stuck = sampling.stuckCalls.filter(({ verdict }) => verdict === 'stuck');
  if (stuck.some(({ lane }) => lane === 'control')) return true;
  const own = gpus.filter(
    ({ condition }) => condition !== 'excluded' && condition !== 'lost' && condition !== 'failed',
  );
  return own.length > 1 && own.every((gpu) => stuck.some(({ gpuIndex }) => gpuIndex === gpu.index));
}

/** `driver_stalled`: one finding instead of one per GPU. */
export const driverStalled: Rule = (state) => {
  if (!isDriverStalled(state)) return [];
  const stuck = state.sampling.stuckCalls.filter(({ verdict }) => verdict === 'stuck');
  const first = stuck.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  return [
    {
      code: 'driver_stalled',
      severity: 'critical',
      subject: { kind: 'node', id: 'driver' },
      sinceUnixSeconds: since(first, state),
      reason: `The NVIDIA driver answers no call: ${first.function} ${asleep(first)} since ${Math.round(first.seconds)} s.`,
      evidence: { ...facts(first), stuck_calls: stuck.length },
      action: 'reboot_node',
      nextStep:
        'Look for NVRM lines in the kernel log (dmesg). If they name one GPU, drain the node and reset it; else drain and reboot. GPU readings come back by themselves when the driver answers again.',
    },
  ];
};

/** `gpu_call_stuck`: one per GPU. */
export const stuckCall: Rule = (state) => {
  if (isDriverStalled(state)) return [];
  const stuck = state.sampling.stuckCalls.filter(({ verdict }) => verdict === 'stuck');
  return longest(stuck).map(
    (call): Verdict => ({
      code: 'gpu_call_stuck',
      severity: 'critical',
      subject: subjectOf(call),
      sinceUnixSeconds: since(call, state),
      reason: `${call.function} ${asleep(call)} since ${Math.round(call.seconds)} s${call.gpuIndex === undefined ? '' : ` on GPU ${call.gpuIndex}`}; the other GPUs are read by another process.`,
      evidence: facts(call),
      action: call.lane === 'hami' ? 'watch' : 'drain',
      nextStep:
        call.lane === 'hami'
          ? 'The file system with the HAMi directories does not answer: check its mount.'
          : 'Look for NVRM and XID lines of this GPU in the kernel log (dmesg), move its workloads away and reset it (nvidia-smi --gpu-reset); if the reset hangs too, reboot.',
    }),
  );
};

/** `gpu_call_slow`: information below half a minute, a warning above. */
export const slowCall: Rule = (state) => {
  if (isDriverStalled(state)) return [];
  const slow = state.sampling.stuckCalls.filter(({ verdict }) => verdict === 'slow');
  return longest(slow).map(
    (call): Verdict => ({
      code: 'gpu_call_slow',
      severity: call.seconds < 30 ? 'info' : 'warning',
      subject: subjectOf(call),
      sinceUnixSeconds: since(call, state),
      reason: `${call.function} has taken ${Math.round(call.seconds)} s so far${call.gpuIndex === undefined ? '' : ` on GPU ${call.gpuIndex}`}.`,
      evidence: facts(call),
      action: 'watch',
      nextStep:
        'Nothing yet. Without persistence mode the first look at an idle GPU takes seconds: consider nvidia-persistenced. If this comes again, look into the kernel log.',
    }),
  );
};

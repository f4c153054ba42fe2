import type { XidFault } from '../../model/fault.js';
import { ACTIONS, type Finding } from '../../model/finding.js';
import { spanText } from '../../model/quantity.js';
import { recoveryActionIn, recoveryAdvice } from '../../model/recovery-action.js';
import { decodeNvLink5, NVLINK5_ADVICE } from '../../model/xid/nvlink5.js';
import { type XidFacts, xidFacts, xidTogether } from '../../model/xid.js';
import { evidence, type Judged, rule, type Sight } from '../rule.js';

/** XIDs of one GPU that come so near to each other tell of one thing. */
const TOGETHER_SECONDS = 60;
const RECOVERY_CHANGED = 154;

type Advice = Pick<Finding, 'severity' | 'action' | 'nextStep'> & { readonly says: readonly string[] };

/** `xid_<number>`: one finding for each XID of a GPU, as long as the catalogue says that it stands. */
export const xids = rule({
  code: 'xid',
  numbered: true,
  title: 'The driver reported an XID; the code ends in its number, and xid.md says what each means',
  raised:
    'NVML or the kernel log tells of an XID. One that only follows another is evidence in the finding of that one.',
  cleared:
    'As xid.md says of each number: when it has not come for `quiet`, or when the GPU was reset or the driver loaded anew (seen in the kernel log, or by counters that begin anew).',
  source: 'NVML events (nvmlEventTypeXidCriticalError), /dev/kmsg; nvml.md §13',
  severities: ['info', 'warning', 'critical'],
  actions: ACTIONS,
  limits: {
    quiet: {
      initial: 3600,
      unit: 'seconds',
      minimum: 10,
      maximum: 604_800,
      says: 'after how long without another one an XID is over that asks for no reset',
    },
  },
  look: (state, { limits }) => {
    const standing = state.xidFaults.filter((fault) => stands(fault, state.atUnixSeconds, limits.quiet));
    const byGpu = new Map<string, XidFault[]>();
    for (const fault of standing) {
      const gpu = gpuOf(fault);
      const others = byGpu.get(gpu);
      if (others === undefined) byGpu.set(gpu, [fault]);
      else others.push(fault);
    }
    return standing.flatMap((fault): readonly Sight[] => {
      const advice = adviceOn(fault, byGpu.get(gpuOf(fault)) ?? []);
      return advice === undefined ? [] : [sightOf(fault, advice, state)];
    });
  },
});

/** Whether nothing has ended it. */
function stands({ xid, lastUnixSeconds, recovered }: XidFault, nowUnixSeconds: number, quietSeconds: number): boolean {
  const { until } = xidFacts(xid);
  if (until === 'quiet') return nowUnixSeconds - lastUnixSeconds < quietSeconds;
  return until === 'repair' || recovered === undefined;
}

/** What to do about it, beside all that stand on its GPU; undefined where it is part of another one's finding. */
function adviceOn(fault: XidFault, onGpu: readonly XidFault[]): Advice | undefined {
  if (fault.xid === RECOVERY_CHANGED) return recoveryAdviceOn(fault);
  const others = new Set(onGpu.filter((one) => one !== fault && isNear(one, fault)).map(({ xid }) => xid));
  const { partOf, severity, says } = xidTogether(fault.xid, others);
  if (partOf !== undefined) return undefined;
  const facts = xidFacts(fault.xid);
  const usual = { severity, action: facts.action, nextStep: facts.nextStep, says };
  return graverAdvice(fault, facts, says) ?? linkAdvice(fault, usual) ?? usual;
}

/** The driver's own word, from the line itself or as it is read now; nothing where it asks for nothing any more. */
function recoveryAdviceOn({ spell }: XidFault): Advice | undefined {
  const said = spell.texts.map(recoveryActionIn).findLast((value) => value !== undefined);
  if (said === undefined) return { ...xidFacts(RECOVERY_CHANGED), says: [] };
  const { name, severity, action, nextStep } = recoveryAdvice(said);
  return said === 0 ? undefined : { severity, action, nextStep, says: [`the driver asks for ${name}`] };
}

function graverAdvice({ spell, cameAgain }: XidFault, { onRepeat }: XidFacts, says: readonly string[]) {
  if (onRepeat === undefined) return undefined;
  const repeated = {
    again: spell.bursts > 1,
    other_workload: spell.pids.length > 1,
    after_reset: cameAgain,
  }[onRepeat.when];
  if (!repeated) return undefined;
  const why = {
    again: 'it came again',
    other_workload: 'it came to several processes',
    after_reset: 'it came again after the GPU had begun anew',
  }[onRepeat.when];
  const { severity, action, nextStep } = onRepeat;
  return { severity, action, nextStep, says: [...says, why] };
}

/** XIDs of NVLink 5 say in the kernel log how bad they are: the gravest line of the spell counts. */
function linkAdvice({ xid, spell }: XidFault, usual: Advice): Advice | undefined {
  const decoded = spell.texts.flatMap((text) => decodeNvLink5(xid, text) ?? []);
  if (decoded.length === 0) return undefined;
  const again = spell.bursts > 1 && decoded.some(({ resetIfAgain }) => resetIfAgain);
  const verdicts = decoded.map(({ verdict }) => verdict);
  const verdict = again || verdicts.includes('reset') ? 'reset' : verdicts.includes('evaluate') ? 'evaluate' : 'ignore';
  const gravest = decoded.find((one) => one.verdict === verdict) ?? decoded[0];
  const says = gravest === undefined ? [] : [`unit ${gravest.unit} of link ${gravest.link}`];
  return { ...usual, ...NVLINK5_ADVICE[verdict], says: [...usual.says, ...says] };
}

function sightOf(fault: XidFault, { severity, action, nextStep, says }: Advice, state: Judged): Sight {
  const { xid, spell } = fault;
  const gpu = state.gpus.find(({ uuid }) => uuid !== undefined && uuid === fault.gpuUuid);
  const place = gpu?.index ?? fault.gpuIndex;
  const times = spell.count === 1 ? 'once' : `${spell.count} times`;
  const ago = spanText(Math.max(0, state.atUnixSeconds - fault.lastUnixSeconds));
  const more = says.length === 0 ? '' : `; ${says.join('; ')}`;
  return {
    detail: String(xid),
    docs: `docs/xid.md#xid-${xid}`,
    subject: { kind: 'gpu', id: gpuOf(fault) },
    severity,
    sinceUnixSeconds: spell.sinceUnixSeconds,
    reason: `XID ${xid}${place === undefined ? '' : ` on GPU ${place}`}: ${xidFacts(xid).meaning} (${times}, last ${ago} ago${more}).`,
    evidence: evidence({
      xid,
      count: spell.count,
      last_unix_seconds: Math.round(fault.lastUnixSeconds),
      sources: fault.sources.join(' '),
      pci_bus_id: gpu?.pciBusId ?? fault.pciBusId,
      pids: spell.pids.length === 0 ? undefined : spell.pids.join(' '),
      process_name: spell.processName,
      kernel_log: spell.texts.at(-1),
    }),
    action,
    nextStep,
  };
}

/** What it is the fault of, as the finding's subject says it. */
function gpuOf({ gpuUuid, pciBusId, gpuIndex }: XidFault): string {
  return gpuUuid ?? pciBusId ?? String(gpuIndex ?? 'unknown');
}

function isNear(a: XidFault, b: XidFault): boolean {
  return (
    a.spell.sinceUnixSeconds <= b.lastUnixSeconds + TOGETHER_SECONDS &&
    b.spell.sinceUnixSeconds <= a.lastUnixSeconds + TOGETHER_SECONDS
  );
}

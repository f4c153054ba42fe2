import { ACTIONS, type Action, type Finding } from '../model/finding.js';
import type { Gpu } from '../model/gpu.js';
import type { HealthStatus, NamedVerdict, NodeHealth, Verdict } from '../model/node-health.js';
import type { Partition } from '../model/partition.js';
import type { Judged } from './rule.js';

/** The verdicts of one state. */
export type Verdicts = Pick<NodeHealth, 'node' | 'gpus' | 'partitions'>;

/** What the findings come to for each GPU, each partition and the node. Muted findings do not count. */
export function verdictsOf(state: Judged, findings: readonly Finding[]): Verdicts {
  const counting = findings.filter(({ mutedBy }) => mutedBy === undefined);
  const wide = counting.filter(({ subject }) => subject.kind === 'node' && subject.id === 'driver');
  const gpus = gpuVerdicts(state, counting, wide);
  const byGpu = new Map(gpus.map((one) => [one.id, one]));
  const partitions = state.partitions.map((partition): NamedVerdict => {
    const own = verdict(about(counting, 'partition', partition.id));
    return { id: partition.id, ...both(own, verdictBelow(partition, byGpu)) };
  });
  return { node: nodeVerdict(state, counting, gpus), gpus, partitions };
}

function gpuVerdicts({ gpus }: Judged, findings: readonly Finding[], wide: readonly Finding[]): NamedVerdict[] {
  const present = gpus.map((gpu): NamedVerdict => {
    const id = gpu.uuid ?? String(gpu.index);
    return { id, ...ofGpu(gpu, [...about(findings, 'gpu', id, gpu.pciBusId), ...wide]) };
  });
  // A GPU that is not there has a verdict too, by what is said of it.
  const known = new Set(gpus.flatMap(({ uuid, index, pciBusId }) => [uuid ?? String(index), pciBusId]));
  const gone = new Set(
    findings.flatMap(({ subject, severity }) =>
      subject.kind === 'gpu' && severity !== 'info' && !known.has(subject.id) ? [subject.id] : [],
    ),
  );
  return [...present, ...[...gone].map((id) => ({ id, ...verdict(about(findings, 'gpu', id)) }))];
}

/** What is known of a GPU itself decides whether anybody can say that it is well. */
function ofGpu({ condition, conditionReason }: Gpu, findings: readonly Finding[]): Verdict {
  const said = verdict(findings);
  if (said.status === 'unhealthy' || condition === 'up' || condition === 'probing') return said;
  const because = said.because.length > 0 ? said.because : [conditionReason ?? condition];
  return { ...said, status: 'unknown', because };
}

/** Whatever befalls a GPU befalls its parts; of a passed-through one only its guest could tell. */
function verdictBelow({ gpuUuid, gpuIndex }: Partition, byGpu: ReadonlyMap<string, Verdict>): Verdict {
  const id = gpuUuid ?? (gpuIndex === undefined ? undefined : String(gpuIndex));
  const gpu = id === undefined ? undefined : byGpu.get(id);
  return gpu ?? { status: 'unknown', action: 'none', because: ['its GPU is not read here'] };
}

/**
 * The node is as bad as its worst finding about hardware, driver or GPUs. A node whose GPUs cannot all be judged is not
 * called healthy; neither is one whose agent cannot see. A node that has no GPU for the driver is well.
 */
function nodeVerdict({ driver }: Judged, findings: readonly Finding[], gpus: readonly NamedVerdict[]): Verdict {
  const all = verdict(findings.filter(({ subject }) => subject.kind !== 'agent'));
  if (all.status === 'unhealthy') return all;
  const blind = findings.filter(({ subject, severity }) => subject.kind === 'agent' && severity !== 'info');
  const unseen = gpus.filter(({ status }) => status === 'unknown');
  const isDriverUnknown = driver.state === 'unknown' || driver.state === 'starting' || driver.state === 'failed';
  if (blind.length === 0 && unseen.length === 0 && !isDriverUnknown) return all;
  const because = [
    ...all.because,
    ...blind.map(({ code }) => code),
    ...unseen.map(({ id, because: [why] }) => `${id}: ${why ?? 'unknown'}`),
    ...(isDriverUnknown ? [`driver ${driver.state}`] : []),
  ];
  return { status: 'unknown', action: gravest([all.action, ...blind.map(({ action }) => action)]), because };
}

function about(findings: readonly Finding[], kind: string, id: string, otherName?: string): readonly Finding[] {
  return findings.filter(({ subject }) => subject.kind === kind && (subject.id === id || subject.id === otherName));
}

const STATUS_OF = { info: 'healthy', warning: 'degraded', critical: 'unhealthy' } as const;
const WORSE: readonly HealthStatus[] = ['healthy', 'degraded', 'unknown', 'unhealthy'];

/** What a list of findings comes to, the worst first. Information makes nothing worse and recommends nothing. */
function verdict(findings: readonly Finding[]): Verdict {
  const grave = findings.filter(({ severity }) => severity !== 'info');
  return {
    status: grave.reduce<HealthStatus>((worst, { severity }) => worse(worst, STATUS_OF[severity]), 'healthy'),
    action: gravest(grave.map(({ action }) => action)),
    because: [...grave.filter(isCritical), ...grave.filter((one) => !isCritical(one))].map(({ code }) => code),
  };
}

function isCritical({ severity }: Finding): boolean {
  return severity === 'critical';
}

function both(own: Verdict, other: Verdict): Verdict {
  return {
    status: worse(own.status, other.status),
    action: gravest([own.action, other.action]),
    because: [...new Set([...own.because, ...other.because])],
  };
}

function worse(a: HealthStatus, b: HealthStatus): HealthStatus {
  return WORSE.indexOf(b) > WORSE.indexOf(a) ? b : a;
}

function gravest(actions: readonly Action[]): Action {
  return actions.reduce((a, b) => (ACTIONS.indexOf(b) > ACTIONS.indexOf(a) ? b : a), 'none' as Action);
}

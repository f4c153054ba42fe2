import type { FindingView, GpuView, NodeView } from '../http/documents/node.js';
import { HEALTH_STATUSES } from '../model/node-health.js';
import type { ExitCode } from './command.js';
import type { HealthView } from './health.js';

/** What a supervisor reads of us: a line and an exit code. */
export interface Summary {
  readonly line: string;
  readonly exit: ExitCode;
}

/** node-problem-detector cuts what a custom plugin prints to so many bytes (`max_output_length`). */
const NPD_LINE = 80;

/** Supervisors that ask with an exit code and a line, by the name of the format. */
export const SUMMARIES: Readonly<Record<string, (view: HealthView) => Summary>> = {
  nagios,
  'node-problem-detector': nodeProblemDetector,
  slurm,
};

/** `unhealthy: XID 79 on GPU 3: … (reboot_node)`. */
export function oneLine({ verdict, findings, node }: HealthView): string {
  const { status, action, because } = verdict;
  const worst = gravest(findings);
  const what =
    worst?.reason.replace(/\.$/, '') ?? (status === 'healthy' ? `${node.gpus.length} GPUs` : because.join(', '));
  const others = because.length - 1;
  const more = others < 1 ? '' : ` (and ${others} more)`;
  const advice = action === 'none' ? '' : ` → ${action}`;
  return `${status}: ${what}${more}${advice}`;
}

/** Whether a finding is about a GPU or a part of it. */
export function isOfGpu({ subject: { kind, id } }: FindingView, gpu: GpuView, { partitions }: NodeView): boolean {
  if (kind === 'gpu') return id === gpu.uuid || id === gpu.pciBusId || id === String(gpu.index);
  if (kind !== 'partition') return kind === 'node';
  return partitions.some((one) => one.id === id && one.gpuIndex === gpu.index);
}

/** Monitoring Plugins Development Guidelines: `SERVICE STATUS - text | figures`. */
function nagios(view: HealthView): Summary {
  const { status } = view.verdict;
  const word = { healthy: 'OK', degraded: 'WARNING', unhealthy: 'CRITICAL', unknown: 'UNKNOWN' }[status];
  const exit = ({ healthy: 0, degraded: 1, unhealthy: 2, unknown: 3 } as const)[status];
  const { gpus } = view.node.health;
  const figures = HEALTH_STATUSES.map((one) => `${one}=${gpus.filter((gpu) => gpu.status === one).length}`);
  // A bar would begin the figures.
  return {
    line: `GPU ${word} - ${oneLine(view).replaceAll('|', '/')} | gpus=${gpus.length} ${figures.join(' ')}`,
    exit,
  };
}

/** Exit code 0 no problem, 1 a problem, 2 unknown; a short line. */
function nodeProblemDetector(view: HealthView): Summary {
  const { status, because, action } = view.verdict;
  const exit = ({ healthy: 0, degraded: 0, unhealthy: 1, unknown: 2 } as const)[status];
  const line = status === 'healthy' ? 'GPUs are healthy' : `GPU ${status}: ${because.join(' ')} → ${action}`;
  return { line: cutBytes(line, NPD_LINE), exit };
}

/** The reason to drain the node for; nothing where it need not be. A node nobody can judge is not drained. */
function slurm({ verdict, findings, node }: HealthView): Summary {
  if (verdict.status !== 'unhealthy') return { line: '', exit: 0 };
  const grave = findings.filter(({ severity, mutedBy }) => severity === 'critical' && mutedBy === undefined);
  const parts = grave.map(({ code, subject: { kind, id } }) => {
    const index = kind === 'gpu' ? node.gpus.find(({ uuid }) => uuid === id)?.index : undefined;
    return index === undefined ? code : `${code} on GPU ${index}`;
  });
  return { line: `gpu-node-agent: ${parts.join(', ')} (${verdict.action})`, exit: 1 };
}

function gravest(findings: readonly FindingView[]): FindingView | undefined {
  const counting = findings.filter(({ mutedBy, severity }) => mutedBy === undefined && severity !== 'info');
  return counting.find(({ severity }) => severity === 'critical') ?? counting[0];
}

function cutBytes(text: string, most: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > most) cut = cut.slice(0, -1);
  return cut;
}

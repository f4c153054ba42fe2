import type { FindingView, NodeView } from '../http/documents/node.js';
import { severityRank } from '../model/finding.js';
import { gpuVerdict, type HealthStatus, type Verdict } from '../model/node-health.js';
import { askNode, isUnanswered, type Told } from './ask.js';
import { type Command, CommandError, type ExitCode } from './command.js';
import { findingLines } from './finding-lines.js';
import { simulationLines } from './heading.js';
import { isOfGpu, oneLine, SUMMARIES } from './health-formats.js';
import { GPU_NAMES, namedGpu } from './named-gpu.js';
import type { Paint } from './paint.js';
import { visible } from './text.js';

/** Exit codes of monitoring plugins: docs/cli.md. They stand in the place of the usual ones. */
const PLUGIN_EXIT: Readonly<Record<HealthStatus, ExitCode>> = { healthy: 0, degraded: 1, unhealthy: 2, unknown: 3 };
const UNKNOWN = PLUGIN_EXIT.unknown;

/** What a verdict is about, and the findings that are. */
export interface HealthView {
  readonly node: NodeView;
  readonly verdict: Verdict;
  readonly findings: readonly FindingView[];
  /** Index of the GPU that was asked for; undefined for the node. */
  readonly gpu: number | undefined;
}

/** `gpu-node-agent health` */
export const health: Command = {
  name: 'health',
  summary: 'Whether the hardware is well, what is wrong, and what to do',
  operands: '[<gpu>]',
  operandCount: [0, 1],
  flags: [
    {
      name: 'format',
      value: ['text', 'line', ...Object.keys(SUMMARIES)].join(', '),
      description: 'Form of the answer: text for people, one line for scripts, or what a supervisor expects.',
    },
  ],
  details: [
    GPU_NAMES,
    'Exit codes are those of monitoring plugins: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown (also a wrong command line).',
    'node-problem-detector: 0 no problem, 1 a problem, 2 unknown. slurm: 1 when the node should be drained, with the reason on the standard output; else 0 and nothing.',
  ],
  usageExit: UNKNOWN,
  async run(invocation) {
    const format = invocation.flag('format') ?? 'text';
    const summary = typeof format === 'string' && Object.hasOwn(SUMMARIES, format) ? SUMMARIES[format] : undefined;
    if (summary === undefined && format !== 'text' && format !== 'line') {
      const known = ['text', 'line', ...Object.keys(SUMMARIES)].join(', ');
      throw new CommandError(UNKNOWN, `--format: expected one of ${known}; got ${JSON.stringify(format)}.`);
    }
    const told = await askNode(invocation);
    const view = viewOf(told, invocation.operands[0]);
    if (summary !== undefined) {
      const { line, exit } = summary(view);
      if (line !== '') invocation.print(visible(line));
      return exit;
    }
    if (invocation.json) invocation.printJson(documentOf(view));
    else if (format === 'line') invocation.print(visible(oneLine(view)));
    else invocation.print(...textLines(told, view, invocation.columns, invocation.paint));
    return PLUGIN_EXIT[view.verdict.status];
  },
};

function viewOf(told: Told, id: string | undefined): HealthView {
  const { node } = told;
  if (id === undefined) {
    const verdict: Verdict = isUnanswered(told)
      ? { status: 'unknown', action: 'none', because: ['nobody has answered yet'] }
      : node.health.node;
    return { node, verdict, findings: node.findings, gpu: undefined };
  }
  const gone = node.health.gpus.find((one) => one.id === id);
  const isThere = node.gpus.some(({ uuid }) => uuid === id);
  if (gone !== undefined && !isThere) {
    return { node, verdict: gone, findings: node.findings.filter(({ subject }) => subject.id === id), gpu: undefined };
  }
  const gpu = namedGpu(told, id);
  const verdict = gpuVerdict(node.health, { uuid: gpu.uuid, index: gpu.index });
  return { node, verdict, findings: node.findings.filter((one) => isOfGpu(one, gpu, node)), gpu: gpu.index };
}

function documentOf({ node, verdict, findings }: HealthView) {
  const { atUnixSeconds, simulated } = node;
  return { atUnixSeconds, ...(simulated === undefined ? {} : { simulated }), ...verdict, findings };
}

function textLines(told: Told, view: HealthView, columns: number | undefined, paint: Paint): string[] {
  const { node, verdict, findings } = view;
  const colour = {
    healthy: paint.good,
    degraded: paint.warning,
    unhealthy: paint.bad,
    unknown: paint.warning,
  }[verdict.status];
  const sorted = [...findings].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  return [
    ...simulationLines(node.simulated, paint),
    ...(told.by === 'own reading'
      ? ['No agent answered; this was read just now: what takes time to show is not in it.']
      : []),
    colour(visible(oneLine(view))),
    ...sorted.flatMap((finding) => ['', ...findingLines(finding, node, columns, paint)]),
  ];
}

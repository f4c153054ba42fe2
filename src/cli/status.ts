import { spanText } from '../model/quantity.js';
import { askNode, isUnanswered, type Told } from './ask.js';
import { gpuColumns, partitionColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { findingLines } from './finding-lines.js';
import { driverText } from './gpu-facts.js';
import { emptyList, simulationLines } from './heading.js';
import type { Paint } from './paint.js';
import { callText } from './stuck-call-text.js';
import { table } from './table.js';
import { visible, width, wrap } from './text.js';

/** Width of prose where the terminal sets none. */
const PROSE_COLUMNS = 100;

/** `gpu-node-agent status` */
export const status: Command = {
  name: 'status',
  summary: 'What is on this node, who runs on it, and what is wrong',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: [
    'Asks the running agent; without one the node is read once.',
    'Exit code 1 when there is a finding of severity warning or critical, 3 when the driver has said nothing yet.',
  ],
  async run(invocation) {
    const told = await askNode(invocation);
    if (invocation.json) invocation.printJson(told.node);
    else invocation.print(...statusLines(told, invocation.columns, invocation.paint));
    if (isUnanswered(told)) return EXIT.nobody;
    return told.node.findings.some(({ severity, mutedBy }) => severity !== 'info' && mutedBy === undefined)
      ? EXIT.problem
      : EXIT.ok;
  },
};

/** The page of text. */
export function statusLines(told: Told, columns: number | undefined, paint: Paint): string[] {
  const { node } = told;
  const lines = [...simulationLines(node.simulated, paint), ...aboutLines(told, columns, paint)];
  const findings = [...node.findings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  for (const finding of findings) lines.push('', ...findingLines(finding, node, columns, paint));
  for (const call of node.sampling.stuckCalls)
    lines.push('', ...wrap(callText(call), columns ?? PROSE_COLUMNS).map(paint.warning));
  lines.push('');
  if (node.gpus.length === 0) lines.push(emptyList(told, 'GPUs'));
  else lines.push(...table(gpuColumns(node), node.gpus, columns, paint));
  for (const gpu of node.gpus) {
    if (gpu.conditionReason === undefined) continue;
    const reason = `GPU ${gpu.index}: ${visible(gpu.conditionReason)}`;
    lines.push(...wrap(reason, (columns ?? PROSE_COLUMNS) - 2).map((line) => paint.dim(`  ${line}`)));
  }
  const parts = node.partitions.filter(({ kind }) => kind !== 'whole');
  if (parts.length > 0) lines.push('', ...table(partitionColumns(node), parts, columns, paint));
  return lines;
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

function aboutLines({ node, by }: Told, columns: number | undefined, paint: Paint): string[] {
  const { agent, sampling } = node;
  const who =
    by === 'own reading'
      ? 'no agent answered; this was read just now'
      : `agent ${agent.version}, up ${spanText(node.atUnixSeconds - agent.startedUnixSeconds)}, pid ${agent.pid}`;
  const limit = columns ?? PROSE_COLUMNS;
  const driver = visible(driverText(node));
  const isOneLine = columns === undefined || width(driver) + width(who) + 3 <= columns;
  const lines = isOneLine
    ? [`${paint.bold(driver)} · ${visible(who)}`]
    : [paint.bold(driver), ...wrap(visible(who), limit)];
  const others = node.switchedOff.filter((name) => name !== 'nvml');
  if (node.driver.message !== undefined && node.driver.state !== 'unused')
    lines.push(...wrap(visible(node.driver.message), limit));
  if (others.length > 0) lines.push(...wrap(`switched off by configuration: ${others.join(', ')}`, limit));
  if (sampling.state === 'unavailable' || (sampling.state !== 'running' && by !== 'own reading')) {
    lines.push(
      ...wrap(
        `reading is ${sampling.state}${sampling.reason === undefined ? '' : `: ${visible(sampling.reason)}`}`,
        limit,
      ),
    );
  }
  for (const { gpu, untilUnixSeconds } of sampling.released) {
    const until =
      untilUnixSeconds === undefined
        ? 'until resume'
        : `for another ${spanText(untilUnixSeconds - node.atUnixSeconds)}`;
    lines.push(...wrap(`released: ${visible(gpu)}, ${until}`, limit).map(paint.warning));
  }
  return lines;
}

import type { FindingView, NodeView, StuckCallView } from '../http/documents/node.js';
import { spanText } from '../model/quantity.js';
import { placeOfCall } from '../model/stuck-call.js';
import { askNode, isUnanswered, type Told } from './ask.js';
import { gpuColumns, partitionColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { driverText } from './gpu-facts.js';
import { emptyList, simulationLines } from './heading.js';
import type { Paint } from './paint.js';
import { table } from './table.js';
import { visible, wrap } from './text.js';

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
    return told.node.findings.some(({ severity }) => severity !== 'info') ? EXIT.problem : EXIT.ok;
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
  const lines = [`${paint.bold(visible(driverText(node)))} · ${visible(who)}`];
  const limit = columns ?? PROSE_COLUMNS;
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
    lines.push(paint.warning(`released: ${visible(gpu)}, ${until}`));
  }
  return lines;
}

function findingLines(finding: FindingView, node: NodeView, columns: number | undefined, paint: Paint): string[] {
  const colour = { critical: paint.bad, warning: paint.warning, info: paint.dim }[finding.severity];
  const since = `for ${spanText(node.atUnixSeconds - finding.sinceUnixSeconds)}`;
  const body = wrap(`${visible(finding.reason)} (${visible(finding.code)}, ${since})`, (columns ?? PROSE_COLUMNS) - 10);
  const next = wrap(`→ ${visible(finding.nextStep)}`, (columns ?? PROSE_COLUMNS) - 10);
  const indent = ' '.repeat(10);
  return [
    `${colour(finding.severity.padEnd(10))}${body[0] ?? ''}`,
    ...body.slice(1).map((line) => indent + line),
    ...next.map((line) => indent + line),
  ];
}

/** A driver call that does not come back, in one sentence. */
export function callText(call: StuckCallView): string {
  const where = placeOfCall(call) ?? `the ${call.lane} thread`;
  const sleeps = call.wchan === undefined ? '' : `, asleep in ${visible(call.wchan)}`;
  const thread = `process ${call.samplerPid}, thread ${call.tid}${call.threadState === undefined ? '' : ` (${visible(call.threadState)})`}`;
  return `${call.verdict}: ${visible(call.function)} of ${where} has not come back for ${spanText(call.seconds)} [${thread}${sleeps}]`;
}

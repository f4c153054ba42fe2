import type { ForgetView } from '../http/documents/control.js';
import type { NodeView } from '../http/documents/node.js';
import { bytesText, UNKNOWN } from '../model/quantity.js';
import { askControl, askNode, isUnanswered } from './ask.js';
import { type Command, CommandError, EXIT, type ExitCode, type Invocation } from './command.js';
import { listHeading } from './heading.js';
import { type Column, table } from './table.js';
import { visible } from './text.js';

type KnownGpu = NodeView['baseline']['gpus'][number];

/** `gpu-node-agent baseline` */
export const baseline: Command = {
  name: 'baseline',
  summary: 'GPUs this node is known to have, whether or not they are there; forget one that was taken out',
  operands: '[forget <gpu>]',
  operandCount: [0, 2],
  flags: [],
  details: [
    'The running agent learns every GPU that answers and keeps it below --path.state: one that is gone is missed.',
    '`baseline forget <gpu>`, by UUID or PCI bus id, is for a card that was taken out on purpose.',
  ],
  async run(invocation) {
    const [verb, gpu] = invocation.operands;
    if (verb === undefined) return list(invocation);
    if (verb !== 'forget' || gpu === undefined) {
      throw new CommandError(EXIT.usage, 'baseline: expected nothing, or forget and a UUID or PCI bus id.');
    }
    const forgotten = await askControl<ForgetView>(invocation, { method: 'POST', path: '/v1/forget', body: { gpu } });
    if (invocation.json) invocation.printJson(forgotten);
    else invocation.print(`Forgotten: ${visible(forgotten.uuid)}. It is not missed any more.`);
    return EXIT.ok;
  },
};

async function list(invocation: Invocation): Promise<ExitCode> {
  const told = await askNode(invocation);
  const { node } = told;
  const { gpus, notKept } = node.baseline;
  const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
  if (invocation.json) {
    invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, baseline: node.baseline });
    return code;
  }
  const there = new Set(node.gpus.map(({ uuid }) => uuid));
  invocation.print(
    ...listHeading(told, invocation.paint),
    ...(gpus.length === 0
      ? ['Nothing is known yet: the running agent learns a GPU when it first answers.']
      : table(columns(there), gpus, invocation.columns, invocation.paint)),
    ...(notKept === undefined ? [] : [`Not kept between starts: ${visible(notKept)}`]),
  );
  return code;
}

function columns(there: ReadonlySet<string | undefined>): readonly Column<KnownGpu>[] {
  return [
    { title: 'PCI', cell: ({ busId }) => busId ?? UNKNOWN },
    { title: 'NAME', cell: ({ name }) => name ?? UNKNOWN, shrinkTo: 10, dropOrder: 2 },
    { title: 'THERE', cell: ({ uuid }) => (there.has(uuid) ? 'yes' : 'no') },
    { title: 'SERIAL', cell: ({ serial }) => serial ?? UNKNOWN, dropOrder: 1 },
    { title: 'LINK', align: 'right', cell: linkText, dropOrder: 4 },
    { title: 'BAR', align: 'right', cell: largestBar, dropOrder: 5 },
    { title: 'NVLINKS', align: 'right', cell: ({ nvlinks }) => String(nvlinks ?? UNKNOWN), dropOrder: 3 },
    { title: 'ID', cell: ({ uuid }) => uuid, shrinkTo: 12 },
  ];
}

function linkText({ linkWidthLanes, linkGenerationMax }: KnownGpu): string {
  if (linkWidthLanes === undefined) return UNKNOWN;
  return linkGenerationMax === undefined ? `x${linkWidthLanes}` : `gen ${linkGenerationMax} x${linkWidthLanes}`;
}

function largestBar({ barSizesBytes }: KnownGpu): string {
  const sizes = Object.values(barSizesBytes);
  return sizes.length === 0 ? UNKNOWN : bytesText(Math.max(...sizes));
}

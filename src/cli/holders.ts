import type { HoldersView } from '../http/documents/control.js';
import { UNKNOWN } from '../model/quantity.js';
import { askControl } from './ask.js';
import { type Command, EXIT } from './command.js';
import { type Column, table } from './table.js';

type HolderView = HoldersView['holders'][number];

/** `gpu-node-agent holders` */
export const holders: Command = {
  name: 'holders',
  summary: 'Processes that have a GPU open, on every nvidia and vfio device node',
  operands: '<gpu>',
  operandCount: [1, 1],
  flags: [],
  details: ['<gpu> is an index, UUID or PCI bus id. Processes of other users are seen only when the agent is root.'],
  async run(invocation) {
    const gpu = invocation.operands[0] as string;
    const path = `/v1/holders?gpu=${encodeURIComponent(gpu)}`;
    const result = await askControl<HoldersView>(invocation, { method: 'GET', path });
    if (invocation.json) invocation.printJson(result);
    else if (result.holders.length === 0) invocation.print('Nobody holds it, as far as this agent may look.');
    else invocation.print(...table(COLUMNS, result.holders, invocation.columns, invocation.paint));
    return EXIT.ok;
  },
};

const COLUMNS: readonly Column<HolderView>[] = [
  { title: 'PID', align: 'right', cell: ({ pid }) => String(pid) },
  { title: 'WHO', cell: who, shrinkTo: 12 },
  { title: 'COMMAND', cell: ({ workload }) => workload?.command ?? UNKNOWN, shrinkTo: 10, dropOrder: 2 },
  { title: 'HANDLES', align: 'right', cell: ({ handles }) => String(handles), dropOrder: 1 },
  { title: 'DEVICES', cell: ({ paths }) => paths.join(' '), shrinkTo: 14 },
];

function who({ role, workload }: HolderView): string {
  if (role === 'sampler') return 'this agent (sampler; release lets go)';
  if (role === 'agent') return 'this agent';
  return workload === undefined ? UNKNOWN : `${workload.kind} ${workload.name}`;
}

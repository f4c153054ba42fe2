import type { HoldersView } from '../http/documents/control.js';
import { ControlError } from '../model/control.js';
import { UNKNOWN } from '../model/quantity.js';
import { askControl } from './ask.js';
import { type Command, CommandError, EXIT, type Invocation } from './command.js';
import { type Column, table } from './table.js';
import { visible } from './text.js';

type HolderView = HoldersView['holders'][number];

/** `gpu-node-agent holders` */
export const holders: Command = {
  name: 'holders',
  summary: 'Processes that have a GPU open, on every nvidia and vfio device node',
  operands: '<gpu>',
  operandCount: [1, 1],
  flags: [],
  details: [
    '<gpu> is an index, UUID or PCI bus id. Asks the running agent; without one this command looks itself.',
    'Processes of other users are seen only by root: run the agent, or this command, as root to see them all.',
  ],
  async run(invocation) {
    const result = await find(invocation, invocation.operands[0] as string);
    if (invocation.json) invocation.printJson(result);
    else if (result.holders.length === 0) invocation.print('Nobody holds it, as far as this user may look.');
    else invocation.print(...table(COLUMNS, result.holders, invocation.columns, invocation.paint));
    return EXIT.ok;
  },
};

async function find(invocation: Invocation, gpu: string): Promise<HoldersView> {
  try {
    const path = `/v1/holders?gpu=${encodeURIComponent(gpu)}`;
    return await askControl<HoldersView>(invocation, { method: 'GET', path });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== EXIT.nobody) throw error;
  }
  const { config, deadline, holdersOnce } = invocation;
  try {
    const found = await holdersOnce(config, gpu, deadline.remaining());
    return JSON.parse(JSON.stringify({ holders: found })) as HoldersView;
  } catch (error) {
    if (error instanceof ControlError) throw new CommandError(EXIT.problem, `${error.message} ${error.nextStep}`);
    throw new CommandError(
      EXIT.nobody,
      `no agent answers, and looking here failed: ${visible((error as Error).message)}`,
    );
  }
}

const COLUMNS: readonly Column<HolderView>[] = [
  { title: 'PID', align: 'right', cell: ({ pid }) => String(pid) },
  { title: 'WHO', cell: who, shrinkTo: 12 },
  { title: 'COMMAND', cell: ({ workload }) => workload?.command ?? UNKNOWN, shrinkTo: 10, dropOrder: 2 },
  { title: 'HANDLES', align: 'right', cell: ({ handles }) => String(handles), dropOrder: 1 },
  { title: 'DEVICES', cell: ({ paths }) => paths.join(' '), shrinkTo: 14, shrinkFirst: true, keepEnd: true },
];

function who({ role, workload }: HolderView): string {
  if (role === 'sampler') return "this agent's sampler (release lets go)";
  if (role === 'agent') return 'this agent';
  return workload === undefined ? UNKNOWN : `${workload.kind} ${workload.name}`;
}

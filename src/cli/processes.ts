import type { GpuView } from '../http/documents/node.js';
import { processesOf } from '../model/gpu-process.js';
import { hidesGuests } from '../model/process-lists.js';
import { askNode, isUnanswered } from './ask.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { GPU_NAMES, namedGpu } from './named-gpu.js';
import { processColumns } from './process-columns.js';
import { table } from './table.js';

/** That the list of a vGPU host is not all there is; nothing on other nodes. */
function guestLines(gpus: readonly GpuView[]): string[] {
  const indexes = gpus.filter(hidesGuests).map(({ index }) => index);
  if (indexes.length === 0) return [];
  const which = `GPU${indexes.length === 1 ? '' : 's'} ${indexes.join(', ')}`;
  return [`Of virtual machines on ${which} the driver tells the host no processes.`];
}

/** `gpu-node-agent processes` */
export const processes: Command = {
  name: 'processes',
  summary: 'Processes on GPUs: who they are, where they run, what they use',
  operands: '[gpu]',
  operandCount: [0, 1],
  flags: [],
  details: [
    GPU_NAMES.replace('<gpu>', '[gpu]'),
    'Asks the running agent; without one the node is read once.',
    "SM is the share of the time with kernels on the GPU by the driver's newest sample, SAMPLED how old that is; a process without one was idle. There is no SM on a GPU in MIG mode, nor without a sample where MPS is at work.",
    'NAMED BY says where the name in BELONGS TO comes from.',
    'Processes inside virtual machines are not told to the host: of a GPU that is shared out as vGPUs none is listed.',
  ],
  async run(invocation) {
    const [id] = invocation.operands;
    const told = await askNode(invocation);
    const { node } = told;
    const wanted = id === undefined ? undefined : namedGpu(told, id);
    const rows = processesOf(node).filter(({ gpuIndex }) => wanted === undefined || gpuIndex === wanted.index);
    const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
    if (invocation.json) {
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, processes: rows });
      return code;
    }
    const list =
      rows.length > 0
        ? table(processColumns(node.atUnixSeconds, rows), rows, invocation.columns, invocation.paint)
        : [wanted !== undefined || node.gpus.length > 0 ? 'No processes.' : emptyList(told, 'processes')];
    const asked = wanted === undefined ? node.gpus : [wanted];
    invocation.print(...listHeading(told, invocation.paint), ...list, ...guestLines(asked));
    return code;
  },
};

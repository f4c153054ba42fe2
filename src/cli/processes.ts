import { processesOf } from '../model/gpu-process.js';
import { askNode, isUnanswered } from './ask.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { GPU_NAMES, namedGpu } from './named-gpu.js';
import { processColumns } from './process-columns.js';
import { table } from './table.js';

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
    "SM is the share of the multiprocessors' time in the driver's newest sample; there is none on a GPU in MIG mode.",
    'NAMED BY says where the name in BELONGS TO comes from.',
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
    invocation.print(...listHeading(told, invocation.paint), ...list);
    return code;
  },
};

import { askNode, isUnanswered } from './ask.js';
import { gpuColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { table } from './table.js';

/** `gpu-node-agent gpus` */
export const gpus: Command = {
  name: 'gpus',
  summary: 'GPUs the driver reports',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: ['Asks the running agent; without one the node is read once.'],
  async run(invocation) {
    const told = await askNode(invocation);
    const { node } = told;
    const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
    const rows = node.gpus;
    if (invocation.json) {
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, gpus: rows });
      return code;
    }
    const list =
      rows.length === 0
        ? [emptyList(told, 'GPUs')]
        : table(gpuColumns(node), rows, invocation.columns, invocation.paint);
    invocation.print(...listHeading(told, invocation.paint), ...list);
    return code;
  },
};

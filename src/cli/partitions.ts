import { askNode, isUnanswered } from './ask.js';
import { partitionColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { table } from './table.js';

/** `gpu-node-agent partitions` */
export const partitions: Command = {
  name: 'partitions',
  summary: 'Parts of GPUs that can be given to somebody, and who holds them',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: ['Asks the running agent; without one the node is read once.'],
  async run(invocation) {
    const told = await askNode(invocation);
    const { node } = told;
    const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
    const rows = node.partitions;
    if (invocation.json) {
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, partitions: rows });
      return code;
    }
    const list =
      rows.length === 0
        ? [emptyList(told, 'partitions')]
        : table(partitionColumns(node), rows, invocation.columns, invocation.paint);
    invocation.print(...listHeading(told, invocation.paint), ...list);
    return code;
  },
};

import { askNode, isUnanswered } from './ask.js';
import { shareColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { table } from './table.js';

/** `gpu-node-agent shares` */
export const shares: Command = {
  name: 'shares',
  summary: 'HAMi shares: what each container claims, and what the driver says',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: ['Asks the running agent; without one the node is read once.'],
  async run(invocation) {
    const told = await askNode(invocation);
    const { node } = told;
    const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
    const rows = node.partitions.filter(({ kind }) => kind === 'share');
    if (invocation.json) {
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, shares: rows });
      return code;
    }
    const list =
      rows.length === 0
        ? [emptyList(told, 'HAMi shares')]
        : table(shareColumns(node), rows, invocation.columns, invocation.paint);
    invocation.print(...listHeading(told, invocation.paint), ...list);
    return code;
  },
};

import type { NodeView } from '../http/documents/node.js';
import { askNode, isUnanswered } from './ask.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { type Column, table } from './table.js';

/** What one command that lists a part of the node adds to all the others. */
export interface ListOf<Row> {
  /** Name of the command, and of the list in its JSON. */
  readonly name: string;
  readonly summary: string;
  /** What there is none of when the list is empty. */
  readonly nouns: string;
  /** Source without which there are none of them. */
  readonly source?: NodeView['switchedOff'][number];
  readonly rows: (node: NodeView) => readonly Row[];
  readonly columns: (node: NodeView) => readonly Column<Row>[];
}

/** A command that prints one list of the node: a table for people, JSON for programs. */
export function listCommand<Row>({ name, summary, nouns, source, rows: rowsOf, columns }: ListOf<Row>): Command {
  return {
    name,
    summary,
    operands: '',
    operandCount: [0, 0],
    flags: [],
    details: ['Asks the running agent; without one the node is read once.'],
    async run(invocation) {
      const told = await askNode(invocation);
      const { node } = told;
      const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
      const rows = rowsOf(node);
      if (invocation.json) {
        invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, [name]: rows });
        return code;
      }
      const list =
        rows.length === 0
          ? [emptyList(told, nouns, source)]
          : table(columns(node), rows, invocation.columns, invocation.paint);
      invocation.print(...listHeading(told, invocation.paint), ...list);
      return code;
    },
  };
}

import { shareColumns } from './columns.js';
import { listCommand } from './list-command.js';

/** `gpu-node-agent shares` */
export const shares = listCommand({
  name: 'shares',
  summary: 'HAMi shares: what each container claims, and what the driver says',
  nouns: 'HAMi shares',
  source: 'hami',
  rows: (node) => node.partitions.filter(({ kind }) => kind === 'share'),
  columns: shareColumns,
});

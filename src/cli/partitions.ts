import { partitionColumns } from './columns.js';
import { listCommand } from './list-command.js';

/** `gpu-node-agent partitions` */
export const partitions = listCommand({
  name: 'partitions',
  summary: 'Parts of GPUs that can be given to somebody, and who holds them',
  nouns: 'partitions',
  rows: (node) => node.partitions,
  columns: partitionColumns,
});

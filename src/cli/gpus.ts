import { gpuColumns } from './columns.js';
import { listCommand } from './list-command.js';

/** `gpu-node-agent gpus` */
export const gpus = listCommand({
  name: 'gpus',
  summary: 'GPUs the driver reports',
  nouns: 'GPUs',
  rows: (node) => node.gpus,
  columns: gpuColumns,
});

import { gpuInFull } from '../http/documents/gpu-in-full.js';
import { askNode } from './ask.js';
import { gpuColumns } from './columns.js';
import { type Command, EXIT } from './command.js';
import { gpuPage } from './gpu-page.js';
import { listHeading } from './heading.js';
import { listCommand } from './list-command.js';
import { GPU_NAMES, namedGpu } from './named-gpu.js';

const list = listCommand({
  name: 'gpus',
  summary: 'GPUs the driver reports',
  nouns: 'GPUs',
  rows: (node) => node.gpus,
  columns: gpuColumns,
});

/** `gpu-node-agent gpus` */
export const gpus: Command = {
  ...list,
  summary: 'GPUs the driver reports; one in full: every reading, where it comes from, or why it is missing',
  operands: '[gpu]',
  operandCount: [0, 1],
  details: [...list.details, GPU_NAMES.replace('<gpu>', '[gpu]')],
  async run(invocation) {
    const [id] = invocation.operands;
    if (id === undefined) return list.run(invocation);
    const told = await askNode(invocation);
    const gpu = namedGpu(told, id);
    // Only this command needs the catalogue of metrics.
    const { readingNotes } = await import('../metrics/reading-notes.js');
    const full = gpuInFull(told.node, gpu, readingNotes);
    const { columns, paint } = invocation;
    if (invocation.json) invocation.printJson(full);
    else invocation.print(...listHeading(told, paint), ...gpuPage(full, told.node, readingNotes, { columns, paint }));
    return EXIT.ok;
  },
};

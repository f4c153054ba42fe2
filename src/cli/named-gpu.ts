import type { GpuView, NodeView } from '../http/documents/node.js';
import { gpuNamed, notNamed } from '../model/gpu-name.js';
import { sysfsAddress } from '../model/pci-address.js';
import { isUnanswered, type Told } from './ask.js';
import { CommandError, EXIT } from './command.js';
import { emptyList } from './heading.js';
import { visible } from './text.js';

/** What a GPU can be called by, for the help of commands that take one. */
export const GPU_NAMES = '<gpu> is an index, a UUID or a start of it that no other GPU has, or a PCI address.';

/** The GPU of a name. Throws `CommandError`: `problem` when it is not there, `nobody` while nobody can know. */
export function namedGpu(told: Told, id: string): GpuView {
  const { gpus, pci } = told.node;
  const found = gpuNamed(gpus, id);
  if (found !== undefined) return found;
  const address = sysfsAddress(id);
  if (pci.some(({ busId }) => busId === address)) {
    throw new CommandError(
      EXIT.problem,
      `${visible(notNamed(told.node, id))} gpu-node-agent pci tells what the bus does.`,
    );
  }
  if (gpus.length === 0)
    throw new CommandError(isUnanswered(told) ? EXIT.nobody : EXIT.problem, emptyList(told, 'GPUs'));
  throw new CommandError(EXIT.problem, `${visible(notNamed(told.node, id))} gpu-node-agent gpus lists them.`);
}

/** A node with that GPU alone; the whole node without a name. */
export function nodeOf(told: Told, id: string | undefined): NodeView {
  return id === undefined ? told.node : { ...told.node, gpus: [namedGpu(told, id)] };
}

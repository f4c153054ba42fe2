import type { NodeView, PartitionView } from '../http/documents/node.js';
import { holdersText } from '../model/partition-holders.js';
import { bytesText, percentText, usedOfText } from '../model/quantity.js';
import { html, type Markup } from './markup.js';

/** Partitions with what they may use, what they use, and who is on them. */
export function partitionList(label: string, partitions: readonly PartitionView[], node: NodeView): Markup {
  const items = partitions.map((partition) => {
    const { kind, profile, pciBusId, memoryUsedBytes, memoryTotalBytes, utilizationRatio } = partition;
    // A GPU given away as a whole has no profile; where it is says which one it is.
    const name = profile ?? (kind === 'passthrough' ? pciBusId : undefined);
    const use = utilizationRatio === undefined ? '' : ` · ${percentText(utilizationRatio)}`;
    return html`<li><span class="what"><span class="kind">${kind}</span> ${name}</span>
<span class="value">${usedOfText(memoryUsedBytes, memoryTotalBytes)}${use}</span>
<span class="who">${holdersText(partition, node)}${claim(partition)}</span></li>`;
  });
  return html`<ul class="partitions" aria-label="${label}">${items}</ul>`;
}

/** What a container says of itself, where it differs from what the driver says. */
function claim({ share }: PartitionView): Markup | undefined {
  if (share?.reportedBytes === undefined || share.actualBytes === undefined) return undefined;
  if (Math.abs(share.reportedBytes - share.actualBytes) < 2 ** 20) return undefined;
  return html` <small class="claim">reports ${bytesText(share.reportedBytes)}, the driver counts ${bytesText(share.actualBytes)}</small>`;
}

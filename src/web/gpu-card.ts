import type { GpuView, NodeView } from '../http/documents/node.js';
import { isPartOf, usersOf } from '../model/gpu-users.js';
import { isInMigMode, noInstancesText } from '../model/mig-tree.js';
import { HIDDEN_GUESTS } from '../model/partition-holders.js';
import { hidesGuests } from '../model/process-lists.js';
import { percentText, roundedText, spanText, UNKNOWN, usedOfText } from '../model/quantity.js';
import { xidFacts } from '../model/xid.js';
import { html, type Markup } from './markup.js';
import { meter } from './meter.js';
import { partitionList } from './partition-list.js';

/** How a condition looks: colour and, for those who do not see it, the word itself. */
export function conditionClass(condition: GpuView['condition']): 'good' | 'pending' | 'bad' {
  if (condition === 'up') return 'good';
  return condition === 'attaching' || condition === 'excluded' || condition === 'probing' ? 'pending' : 'bad';
}

/** One GPU. */
export function gpuCard(gpu: GpuView, node: NodeView): Markup {
  const { readings } = gpu;
  const memory = usedOfText(readings.memory_used_bytes, readings.memory_total_bytes);
  const power = usedOf(readings.power_watts, readings.power_limit_enforced_watts);
  const own = node.partitions.filter((partition) => partition.kind !== 'whole' && isPartOf(partition, gpu));
  // Who has a part stands at it, and beside the parts who has the GPU itself, as the server of MPS.
  const users = usersOf(node, gpu, new Set(own.flatMap(({ workloads }) => workloads)));
  if (hidesGuests(gpu)) users.push(HIDDEN_GUESTS);
  const age =
    gpu.condition !== 'up' && gpu.lastCollectionUnixSeconds !== undefined
      ? html`<p class="reason">Last answer ${spanText(node.atUnixSeconds - gpu.lastCollectionUnixSeconds)} ago.</p>`
      : undefined;
  const reason = gpu.conditionReason === undefined ? undefined : html`<p class="reason">${gpu.conditionReason}</p>`;
  return html`<article class="card ${conditionClass(gpu.condition)}" id="gpu-${gpu.index}">
<header><h3><span class="index">GPU ${gpu.index}</span> ${gpu.name ?? 'name not known yet'}</h3><span class="pill ${conditionClass(gpu.condition)}">${gpu.condition}</span></header>
${reason}${age}
<div class="meters">
${meter('Utilisation', utilisationText(gpu), readings.utilization_ratio)}
${meter('Memory', memory, ratio(readings.memory_used_bytes, readings.memory_total_bytes))}
${meter('Power', power, ratio(readings.power_watts, readings.power_limit_enforced_watts))}
</div>
<dl>
<div><dt>Temperature</dt><dd>${roundedText(readings.temperature_celsius, '°C')}</dd></div>
<div><dt>PCI</dt><dd>${gpu.pciBusId ?? UNKNOWN}</dd></div>
<div><dt>Processes</dt><dd>${gpu.processTotal}</dd></div>
${users.length === 0 ? undefined : html`<div><dt>Used by</dt><dd>${users.join(', ')}</dd></div>`}
${gpu.lastXid === undefined ? undefined : html`<div class="bad"><dt>Last XID</dt><dd>${gpu.lastXid.xid}: ${xidFacts(gpu.lastXid.xid).meaning}, ${spanText(node.atUnixSeconds - gpu.lastXid.atUnixSeconds)} ago</dd></div>`}
</dl>
${isInMigMode(gpu) && gpu.migInstances.length === 0 ? html`<p class="reason">${noInstancesText(gpu)}</p>` : undefined}
${own.length === 0 ? undefined : partitionList(`Partitions of GPU ${gpu.index}`, own, node)}
<p class="uuid">${gpu.uuid ?? 'UUID not known yet'}</p>
</article>`;
}

/** The driver has no utilisation of a GPU in MIG mode. */
function utilisationText(gpu: GpuView): string {
  const { utilization_ratio: utilisation } = gpu.readings;
  return utilisation === undefined && isInMigMode(gpu) ? 'none in MIG mode' : percentText(utilisation);
}

function usedOf(watts: number | undefined, limit: number | undefined): string {
  if (watts === undefined) return UNKNOWN;
  return limit === undefined ? roundedText(watts, 'W') : `${Math.round(watts)} / ${roundedText(limit, 'W')}`;
}

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole <= 0 ? undefined : part / whole;
}

import type { GpuInFull } from '../http/documents/gpu-in-full.js';
import type { GpuView, NodeView } from '../http/documents/node.js';
import { hidesGuests, listsRead } from '../model/process-lists.js';
import { bytesText, spanText, UNKNOWN } from '../model/quantity.js';
import { partitionColumns } from './columns.js';
import { findingLines } from './finding-lines.js';
import { migLines } from './mig-lines.js';
import type { Paint } from './paint.js';
import { type Part, partReadings } from './part-readings.js';
import { linkText } from './pci.js';
import { processColumns } from './process-columns.js';
import { type Notes, readingGroups } from './reading-groups.js';
import { callText } from './stuck-call-text.js';
import { table } from './table.js';
import { visible, wrap, wrapItems } from './text.js';

const PROSE_COLUMNS = 100;

/** How the page is written. */
interface Style {
  readonly columns: number | undefined;
  readonly paint: Paint;
}

/** One GPU with everything that is known of it. */
export function gpuPage(full: GpuInFull, node: NodeView, notes: Notes, { columns, paint }: Style): string[] {
  const { gpu, partReadings: definitions } = full;
  const limit = columns ?? PROSE_COLUMNS;
  const undivided = full.partitions.filter(({ kind }) => kind !== 'mig');
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', paint.bold(title), ...lines];
  const parts = (owner: Parameters<typeof partReadings>[0], own: readonly Part[]) =>
    partReadings(owner, definitions[PART_KEYS[owner]] ?? [], own, {
      condition: gpu.condition,
      notes,
      columns,
      paint,
    });
  return [
    ...head(full, limit, paint),
    ...full.findings.flatMap((finding) => ['', ...findingLines(finding, node, columns, paint)]),
    ...full.stuckCalls.flatMap((call) => ['', ...wrap(callText(call), limit).map(paint.warning)]),
    ...section(
      'Processes',
      full.processes.length === 0
        ? [noProcesses(gpu)]
        : table(
            processColumns(full.atUnixSeconds, full.processes.map(asRow)),
            full.processes.map(asRow),
            columns,
            paint,
          ),
    ),
    ...section(
      'Partitions',
      // MIG instances stand in their tree.
      undivided.length === 0 ? [] : table(partitionColumns(node), undivided, columns, paint),
    ),
    ...section('MIG', migLines(gpu, node, columns, paint) ?? []),
    ...readingGroups(full.readings, notes, columns, paint),
    ...section(
      'Readings of MIG instances, by GPU instance/compute instance',
      gpu.migInstances.length === 0 ? [] : parts('mig', gpu.migInstances.map(instancePart)),
    ),
    ...section(
      `NVLinks (${gpu.links.length})`,
      gpu.links.length === 0 ? [] : [...remotes(gpu, limit), ...parts('nvlink', gpu.links.map(linkPart))],
    ),
    ...section(
      `Chip-to-chip links (${gpu.c2cLinks.length})`,
      gpu.c2cLinks.length === 0 ? [] : parts('c2c', gpu.c2cLinks.map(linkPart)),
    ),
    ...section(`Fans (${gpu.fans.length})`, gpu.fans.length === 0 ? [] : parts('fan', gpu.fans.map(fanPart))),
    ...section(
      `Other GPUs (${gpu.peers.length})`,
      gpu.peers.length === 0 ? [] : parts('peer', gpu.peers.map(peerPart)),
    ),
    ...section('On the PCI bus', pciLines(full, limit)),
    ...section('Known of it before', baselineLines(full, limit)),
    ...section('Events', full.events.map(eventLine)),
  ];
}

/** nvmlGpuFabricState_t: completed. A GPU that has joined its fabric and names no cluster is in none (nvml.md §5.10). */
const JOINED = 3;

const PART_KEYS = {
  gpu: 'links',
  mig: 'migInstances',
  nvlink: 'links',
  c2c: 'c2cLinks',
  fan: 'fans',
  peer: 'peers',
} as const;

/** Name and identity: what stands on the card and in every tool's list. */
function head({ gpu, atUnixSeconds }: GpuInFull, limit: number, paint: Paint): string[] {
  const colour = gpu.condition === 'up' ? paint.good : paint.bad;
  const last = gpu.lastCollectionUnixSeconds;
  const age = last === undefined ? 'never answered' : `read ${spanText(atUnixSeconds - last)} ago`;
  return [
    `${paint.bold(`GPU ${gpu.index}  ${visible(gpu.name ?? 'name not known yet')}`)}  ${colour(gpu.condition)}, ${age}`,
    ...(gpu.conditionReason === undefined ? [] : wrap(visible(gpu.conditionReason), limit)),
    ...facts(
      {
        uuid: gpu.uuid,
        'PCI address': gpu.pciBusId,
        serial: gpu.serial,
        'board part': gpu.boardPartNumber,
        VBIOS: gpu.vbiosVersion,
        InfoROM: gpu.inforomImageVersion,
        'GSP firmware': gpu.gspFirmwareVersion,
        'fabric cluster': gpu.fabricClusterUuid ?? (gpu.readings.fabric_state === JOINED ? 'none' : undefined),
        chassis: gpu.platformChassisSerial,
      },
      limit,
    ),
  ];
}

/** Named facts, as many on a line as fit; those that are not known are named at the end. */
function facts(values: Readonly<Record<string, string | undefined>>, limit: number): string[] {
  const known = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${visible(value)}`],
  );
  const unknown = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [name] : []));
  return wrapItems([...known, ...(unknown.length === 0 ? [] : [`not known: ${unknown.join(', ')}`])], limit);
}

/** A list that was read and is empty is news; one that nobody could read is none. */
function noProcesses(gpu: GpuView): string {
  const { condition, readings, absent } = gpu;
  if (condition !== 'up') return `Not known while the GPU is ${condition}.`;
  const read = listsRead((id) => (readings[id] === undefined ? (absent[id] ?? 'not_asked') : undefined));
  if (!read) return 'Not known: the driver did not give all of its lists.';
  return hidesGuests(gpu) ? 'None of the host. Those of virtual machines the driver does not tell it.' : 'None.';
}

/** The schema has missing keys where the columns want undefined ones. */
function asRow(process: GpuInFull['processes'][number]) {
  const { name, startedUnixSeconds, gpuUuid, gpuIndex, pciBusId, gpuInstance, computeInstance } = process;
  const { migUuid, usedMemoryBytes, workload, smRatio, use } = process;
  return {
    ...process,
    name,
    startedUnixSeconds,
    gpuUuid,
    gpuIndex,
    pciBusId,
    gpuInstance,
    computeInstance,
    migUuid,
    usedMemoryBytes,
    workload,
    smRatio,
    use: use === undefined ? undefined : { ...NO_RATIOS, ...use },
  };
}

const NO_RATIOS = {
  smRatio: undefined,
  memoryRatio: undefined,
  encoderRatio: undefined,
  decoderRatio: undefined,
  jpegRatio: undefined,
  ofaRatio: undefined,
};

function instancePart({
  gpuInstance,
  computeInstance,
  migIndex,
  readings,
  absent,
}: GpuView['migInstances'][number]): Part {
  const label = gpuInstance === undefined ? `#${migIndex}` : `${gpuInstance}/${computeInstance ?? '?'}`;
  return { label, readings, absent };
}

function linkPart({
  link,
  readings,
  absent,
}: Pick<GpuView['links'][number], 'link' | 'absent'> & { readonly readings: object }): Part {
  return { label: String(link), readings: readings as Part['readings'], absent };
}

function fanPart({ fan, readings, absent }: GpuView['fans'][number]): Part {
  return { label: String(fan), readings, absent };
}

function peerPart({ gpuIndex, readings, absent }: GpuView['peers'][number]): Part {
  return { label: String(gpuIndex), readings, absent };
}

/** What is at the other end of the links, where the driver tells. */
function remotes({ links }: GpuView, limit: number): string[] {
  const byRemote = new Map<string, number[]>();
  for (const { link, remotePciBusId } of links) {
    if (remotePciBusId !== undefined) byRemote.set(remotePciBusId, [...(byRemote.get(remotePciBusId) ?? []), link]);
  }
  if (byRemote.size === 0) return [];
  const ends = [...byRemote].map(([busId, own]) => `${busId} (${own.join(', ')})`);
  return wrap(`to ${ends.join(' · ')}`, limit);
}

function pciLines({ pci }: GpuInFull, limit: number): string[] {
  if (pci === undefined) return ['Its function is not in the inventory of the bus: see gpu-node-agent pci.'];
  const errors = (own: typeof pci.errors) =>
    own === undefined ? undefined : `${own.correctable} corrected, ${own.nonFatal} non-fatal, ${own.fatal} fatal`;
  return facts(
    {
      driver: pci.driver,
      link: linkText(pci) === UNKNOWN ? undefined : linkText(pci),
      'NUMA node': pci.numaNode === undefined ? undefined : String(pci.numaNode),
      'IOMMU group': pci.iommuGroup === undefined ? undefined : String(pci.iommuGroup),
      windows: pci.bars.map(({ index, sizeBytes }) => `${index}: ${bytesText(sizeBytes)}`).join(', ') || undefined,
      'virtual functions':
        pci.virtualFunctionsMax === undefined
          ? 'cannot have any'
          : `${pci.virtualFunctions} of ${pci.virtualFunctionsMax}`,
      'power state': pci.runtimeStatus,
      errors: errors(pci.errors),
      'errors of the port above': errors(pci.portErrors),
    },
    limit,
  );
}

function baselineLines({ baseline, atUnixSeconds }: GpuInFull, limit: number): string[] {
  if (baseline === undefined) return [];
  return facts(
    {
      'first seen': `${spanText(atUnixSeconds - baseline.firstSeenUnixSeconds)} ago`,
      at: baseline.busId,
      'widest link': baseline.linkWidthLanes === undefined ? undefined : `x${baseline.linkWidthLanes}`,
      'highest generation': baseline.linkGenerationMax === undefined ? undefined : String(baseline.linkGenerationMax),
      NVLinks: baseline.nvlinks === undefined ? undefined : String(baseline.nvlinks),
      windows:
        Object.entries(baseline.barSizesBytes)
          .map(([index, size]) => `${index}: ${bytesText(size)}`)
          .join(', ') || undefined,
    },
    limit,
  );
}

function eventLine({ atUnixSeconds, text, gpuInstance }: GpuInFull['events'][number]): string {
  const where = gpuInstance === undefined ? '' : ` in GPU instance ${gpuInstance}`;
  return `${new Date(atUnixSeconds * 1_000).toISOString()}  ${visible(text)}${where}`;
}

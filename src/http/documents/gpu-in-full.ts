import Type, { type Static } from 'typebox';
import { processesOf } from '../../model/gpu-process.js';
import { isPartOf } from '../../model/gpu-users.js';
import { type MigTree, migTree } from '../../model/mig-tree.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
} from '../../model/readings.js';
import { isCallOf } from '../../model/stuck-call.js';
import { BaselineGpuDocument } from './baseline.js';
import { EventDocument } from './event.js';
import {
  ExplainedReadingDocument,
  explainedReadings,
  ReadingDefinitionDocument,
  type ReadingNotes,
  type ReadingOwner,
  readingDefinitions,
} from './explained-reading.js';
import { FindingDocument } from './finding.js';
import { GpuDocument } from './gpu.js';
import type { GpuView, NodeView } from './node.js';
import { PartitionDocument, WorkloadDocument } from './partition.js';
import { PciFunctionDocument } from './pci.js';
import { ProcessDocument } from './process.js';
import { StuckCallDocument } from './sampling.js';
import { closed, integer, maybe, named, number, text } from './words.js';

const definitions = maybe(Type.Array(named(ReadingDefinitionDocument)));

const MigTreeDocument = closed(
  {
    memorySlices: maybe(integer('Memory slices of the whole GPU; missing while no profile tells how many there are.')),
    gpuInstances: Type.Array(
      closed({
        id: maybe(Type.Integer()),
        profile: maybe(Type.String()),
        placementStart: maybe(integer('First memory slice; missing where the driver does not tell: it tells root.')),
        placementSize: maybe(integer('Memory slices.')),
        slices: maybe(integer('Compute slices.')),
        computeInstances: Type.Array(Type.String(), { description: 'UUIDs, in `gpu.migInstances`.' }),
      }),
    ),
  },
  {
    $id: 'MigTree',
    description: 'How a GPU in MIG mode is divided: GPU instances by place, compute instances in them.',
  },
);

/** Schema of `gpuInFull`. */
export const GpuInFullDocument = closed(
  {
    atUnixSeconds: number('Unix time of the state this is taken from.'),
    simulated: maybe(text('There only when the driver is a simulation.')),
    gpu: named(GpuDocument),
    readings: Type.Array(named(ExplainedReadingDocument), {
      description: 'Every reading there is of a GPU, in the order of the catalogue.',
    }),
    partReadings: closed(
      { migInstances: definitions, links: definitions, c2cLinks: definitions, fans: definitions, peers: definitions },
      { description: 'What the readings of the parts are that this GPU has; values stand with the parts.' },
    ),
    mig: maybe(named(MigTreeDocument)),
    processes: Type.Array(named(ProcessDocument)),
    partitions: Type.Array(named(PartitionDocument)),
    workloads: Type.Array(named(WorkloadDocument)),
    findings: Type.Array(named(FindingDocument), { description: 'About this GPU or a part of it.' }),
    stuckCalls: Type.Array(named(StuckCallDocument)),
    events: Type.Array(named(EventDocument), { description: 'Newest first.' }),
    pci: maybe(named(PciFunctionDocument)),
    baseline: maybe(named(BaselineGpuDocument)),
  },
  { $id: 'GpuInFull', description: 'One GPU with everything that is known of it.' },
);

export type GpuInFull = Static<typeof GpuInFullDocument>;

/** Schemas this one refers to, and itself. */
export const GPU_IN_FULL_PARTS = [
  ReadingDefinitionDocument,
  ExplainedReadingDocument,
  MigTreeDocument,
  GpuInFullDocument,
] as const;

/** Everything that the node knows of one of its GPUs. */
export function gpuInFull(node: NodeView, gpu: GpuView, notes: ReadingNotes): GpuInFull {
  const cycle = node.sampling.cycleSeconds;
  const define = (owner: ReadingOwner, { rows }: { readonly rows: Parameters<typeof readingDefinitions>[1] }) =>
    readingDefinitions(owner, rows, cycle, notes);
  const partitions = node.partitions.filter((partition) => isPartOf(partition, gpu));
  const ids = new Set(partitions.flatMap((partition) => partition.workloads));
  const pids = new Set(gpu.processes.map(({ pid }) => pid));
  const mig = migOf(gpu);
  const pci = node.pci.find(({ busId }) => busId === gpu.pciBusId);
  const baseline = node.baseline.gpus.find(({ uuid }) => uuid === gpu.uuid);
  return {
    atUnixSeconds: node.atUnixSeconds,
    ...(node.simulated === undefined ? {} : { simulated: node.simulated }),
    gpu,
    readings: explainedReadings(define('gpu', GPU_READINGS), gpu, (id, value) => notes('gpu', id)?.wordsOf?.(value)),
    partReadings: {
      ...(gpu.migInstances.length === 0 ? {} : { migInstances: define('mig', MIG_INSTANCE_READINGS) }),
      ...(gpu.links.length === 0 ? {} : { links: define('nvlink', NVLINK_READINGS) }),
      ...(gpu.c2cLinks.length === 0 ? {} : { c2cLinks: define('c2c', CHIP_LINK_READINGS) }),
      ...(gpu.fans.length === 0 ? {} : { fans: define('fan', FAN_SPEED_READINGS) }),
      ...(gpu.peers.length === 0 ? {} : { peers: define('peer', PEER_GPU_READINGS) }),
    },
    ...(mig === undefined ? {} : { mig }),
    processes: asWritten(processesOf({ ...node, gpus: [gpu], partitions })),
    partitions,
    workloads: node.workloads.filter((one) => ids.has(one.id) || one.pids.some((pid) => pids.has(pid))),
    findings: node.findings.filter(({ subject }) => isAbout(subject, gpu, partitions)),
    stuckCalls: node.sampling.stuckCalls.filter((call) => isCallOf(call, identityOf(gpu))),
    events: node.events.filter((event) => isOf(event, gpu)).reverse(),
    ...(pci === undefined ? {} : { pci }),
    ...(baseline === undefined ? {} : { baseline }),
  };
}

/** Undefined for a GPU that is not in MIG mode. */
function migOf(gpu: GpuView): Static<typeof MigTreeDocument> | undefined {
  if (gpu.readings.mig_mode_enabled !== 1 && gpu.migInstances.length === 0) return undefined;
  const { memorySlices, gpuInstances } = migTreeOf(gpu);
  return asWritten({
    memorySlices,
    gpuInstances: gpuInstances.map((one) => ({
      ...one,
      computeInstances: one.computeInstances.map(({ uuid }) => uuid),
    })),
  });
}

/** The division of a GPU as its document tells it. */
export function migTreeOf(gpu: GpuView): MigTree<GpuView['migInstances'][number]> {
  return migTree(
    gpu.migInstances,
    ({ readings }) => ({
      start: readings.placement_start,
      size: readings.placement_size,
      gpuSlices: readings.gpu_slices,
      computeSlices: readings.compute_slices,
    }),
    gpu.migProfiles.map(({ slices }) => slices),
  );
}

function identityOf({ index, uuid, pciBusId }: GpuView) {
  return { index, uuid, pciBusId };
}

function isOf({ gpuUuid, gpuIndex }: NodeView['events'][number], { uuid, index }: GpuView): boolean {
  return gpuUuid === undefined ? gpuIndex === index : gpuUuid === uuid;
}

function isAbout(
  { kind, id }: NodeView['findings'][number]['subject'],
  { uuid, pciBusId, index }: GpuView,
  partitions: readonly { readonly id: string }[],
): boolean {
  if (kind === 'partition') return partitions.some((one) => one.id === id);
  return kind === 'gpu' && (id === uuid || id === pciBusId || id === String(index));
}

/** A document without the keys that have no value, as JSON leaves them out. */
function asWritten<Document>(value: unknown): Document {
  return JSON.parse(JSON.stringify(value)) as Document;
}

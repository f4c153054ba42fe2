import type { Static } from 'typebox';
import Type from 'typebox';
import type { Gpu } from '../../model/gpu.js';
import type { AbsenceReason, Readings } from '../../model/readings.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import {
  C2cLinkReadingsDocument,
  FanReadingsDocument,
  LinkReadingsDocument,
  MigReadingsDocument,
  PeerReadingsDocument,
  READINGS_DOCUMENTS,
  ReadingsDocument,
} from './readings.js';
import { closed, integer, maybe, named, number, numbersByName, text, textsByName, word } from './words.js';

const absent = textsByName(
  'Why readings are missing, by id: an NVML return code in lower case, or symbol_missing, branch_too_old, branch_unknown, implausible, unknown_error, mig_off, no_own_memory, no_sessions, confidential_compute_off. What is in neither was not asked for: the GPU is not read now, --collector.nvlink-links is off (of an NVLink), or it was not asked yet.',
);

const ListedProcessDocument = closed({
  pid: Type.Integer(),
  type: word(['compute', 'graphics', 'mps']),
  usedMemoryBytes: maybe(number('Bytes of device memory; missing where the driver does not know.')),
  gpuInstance: maybe(Type.Integer()),
  computeInstance: maybe(Type.Integer()),
});

const MigInstanceDocument = closed(
  {
    uuid: Type.String(),
    migIndex: Type.Integer(),
    gpuInstance: maybe(Type.Integer()),
    computeInstance: maybe(Type.Integer()),
    profile: maybe(text('Such as 3g.40gb.')),
    name: Type.String(),
    readings: named(MigReadingsDocument),
    absent,
  },
  { $id: 'MigInstance', description: 'A compute instance inside a GPU instance.' },
);

const MigProfileDocument = closed(
  {
    id: Type.Integer(),
    name: maybe(text('Such as 3g.40gb; missing where the driver does not name it.')),
    slices: Type.Integer(),
    multiprocessors: Type.Integer(),
    memoryBytes: Type.Number(),
    capacity: integer('Instances that fit on an empty GPU.'),
    available: maybe(integer('Instances that fit now; missing where the driver does not tell.')),
  },
  { $id: 'MigProfile', description: 'A way to cut a GPU instance out of this GPU.' },
);

const NvLinkDocument = closed(
  {
    link: Type.Integer(),
    remotePciBusId: maybe(text('As in sysfs, 0000:65:00.0.')),
    readings: named(LinkReadingsDocument),
    absent,
  },
  { $id: 'NvLink', description: 'One NVLink of a GPU.' },
);

const C2cLinkDocument = closed(
  { link: Type.Integer(), readings: named(C2cLinkReadingsDocument), absent },
  { $id: 'C2cLink', description: "One chip-to-chip link of a superchip's GPU." },
);

const FanDocument = closed(
  { fan: Type.Integer(), readings: named(FanReadingsDocument), absent },
  { $id: 'Fan', description: 'One fan of a GPU.' },
);

const PeerDocument = closed(
  {
    gpuIndex: integer("NVML's index of the other GPU."),
    uuid: Type.String(),
    readings: named(PeerReadingsDocument),
    absent,
  },
  {
    $id: 'Peer',
    description: 'Another GPU of the node as seen from one: how near, and what can be done with its memory.',
  },
);

const ratio = () => maybe(Type.Number({ minimum: 0, maximum: 1 }));
const ProcessUseDocument = closed(
  {
    pid: Type.Integer(),
    sampledUnixSeconds: number('Unix time of the sample.'),
    smRatio: ratio(),
    memoryRatio: ratio(),
    encoderRatio: ratio(),
    decoderRatio: ratio(),
    jpegRatio: ratio(),
    ofaRatio: ratio(),
  },
  { $id: 'ProcessUse', description: "What a process used of a GPU's engines in the driver's newest sample of it." },
);

/** Every condition of a GPU. */
export const CONDITIONS = ['attaching', 'up', 'lost', 'failed', 'probing', 'excluded', 'stuck', 'stale'] as const;

/** Schema of `gpuDocument`. */
export const GpuDocument = closed(
  {
    index: Type.Integer(),
    uuid: maybe(text('GPU-…; missing until the driver told it.')),
    name: maybe(Type.String()),
    serial: maybe(Type.String()),
    pciBusId: maybe(text('As in sysfs, 0000:65:00.0.')),
    vbiosVersion: maybe(Type.String()),
    boardPartNumber: maybe(Type.String()),
    inforomImageVersion: maybe(Type.String()),
    gspFirmwareVersion: maybe(Type.String()),
    fabricClusterUuid: maybe(
      text("Cluster the GPU's fabric belongs to; missing where it belongs to none, as on a single node with switches."),
    ),
    platformChassisSerial: maybe(text("Serial number of the rack's chassis.")),
    condition: word(CONDITIONS, 'Readings are only current when this is up.'),
    conditionReason: maybe(text('Why the condition is not up.')),
    lastCollectionUnixSeconds: maybe(number('Unix time of the last cycle that answered.')),
    ageSeconds: maybe(number('Seconds since that cycle.')),
    readings: named(ReadingsDocument),
    absent,
    migInstances: Type.Array(named(MigInstanceDocument)),
    migProfiles: Type.Array(named(MigProfileDocument)),
    links: Type.Array(named(NvLinkDocument)),
    c2cLinks: Type.Array(named(C2cLinkDocument)),
    fans: Type.Array(named(FanDocument)),
    peers: Type.Array(named(PeerDocument), { description: 'The other GPUs; empty without --collector.topology.' }),
    processes: Type.Array(ListedProcessDocument, {
      description: 'As the driver lists them; see /api/v1/processes for who they are.',
    }),
    processTotal: integer('Entries the driver has; larger than the list when it was cut off.'),
    processUses: Type.Array(named(ProcessUseDocument)),
    xids: Type.Array(closed({ xid: Type.Integer(), count: Type.Integer(), source: word(['nvml', 'kmsg']) })),
    lastXid: maybe(closed({ xid: Type.Integer(), atUnixSeconds: Type.Number() })),
    eventCounts: numbersByName('Other driver events since the agent started, by type.'),
  },
  { $id: 'Gpu', description: 'One physical GPU that the driver reports.' },
);

/** A part with readings, and why some of them are missing. */
type Explained<Part> = Part & { readonly absent: Readonly<Record<string, AbsenceReason>> };

function explained<Part extends { readonly readings: Pick<Readings<string>, 'absences'> }>(
  part: Part,
): Explained<Part> {
  return { ...part, absent: part.readings.absences() };
}

/** What `GpuDocument` describes: a GPU and its parts, each with why readings are missing. */
export function gpuDocument(gpu: Gpu) {
  return {
    ...explained(gpu),
    migInstances: gpu.migInstances.map(explained),
    links: gpu.links.map(explained),
    c2cLinks: gpu.c2cLinks.map(explained),
    fans: gpu.fans.map(explained),
    peers: gpu.peers.map(explained),
  };
}

type Told = ReturnType<typeof gpuDocument>;

/** Schemas the ones above refer to. */
export const GPU_PARTS = [
  ...READINGS_DOCUMENTS,
  MigInstanceDocument,
  MigProfileDocument,
  NvLinkDocument,
  C2cLinkDocument,
  FanDocument,
  PeerDocument,
  ProcessUseDocument,
] as const;

/** The schemas and the model say the same. */
export type GpuAgrees = Holds<Same<Omit<Static<typeof GpuDocument>, 'readings'>, Omit<JsonForm<Told>, 'readings'>>>;

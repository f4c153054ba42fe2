import Type, { type Static } from 'typebox';
import { COLLECTORS, type NodeState } from '../../model/node-state.js';
import { BaselineDocument, BaselineGpuDocument } from './baseline.js';
import { EventDocument } from './event.js';
import { FindingDocument } from './finding.js';
import { GPU_PARTS, GpuDocument, gpuDocument } from './gpu.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { PartitionDocument, WorkloadDocument } from './partition.js';
import { PCI_PARTS, PciFunctionDocument } from './pci.js';
import { ProcessIdentityDocument } from './process.js';
import { CallStatisticsDocument, DriverDocument, SamplingDocument, StuckCallDocument } from './sampling.js';
import { closed, integer, maybe, named, number, numbersByName, text, word } from './words.js';

const HamiSweepDocument = closed(
  {
    directories: Type.Integer(),
    files: Type.Integer(),
    refused: Type.Array(closed({ directory: Type.String(), reason: text('Stable code.') })),
    refusedByReason: numbersByName('Refused files by reason.'),
    truncated: Type.Boolean(),
  },
  { $id: 'HamiSweep', description: 'HAMi usage files as found.' },
);

const SourceDocument = closed(
  {
    name: Type.String(),
    ok: Type.Boolean(),
    lastAnswerUnixSeconds: maybe(number('Unix time of its last answer; missing when it never gave one.')),
    durationSeconds: Type.Number(),
    message: maybe(Type.String()),
  },
  { $id: 'Source', description: 'Whether a source answered in its last round.' },
);

/** Schema of `NodeState` as the API and the control socket give it. */
export const NodeDocument = closed(
  {
    atUnixSeconds: number('Unix time of this state.'),
    atMonotonicSeconds: number('Seconds of the monotonic clock.'),
    agent: closed({ version: Type.String(), startedUnixSeconds: Type.Number(), pid: Type.Integer() }),
    simulated: maybe(text('There only when the driver is a simulation: what it says of itself.')),
    driver: named(DriverDocument),
    sampling: named(SamplingDocument),
    gpus: Type.Array(named(GpuDocument)),
    partitions: Type.Array(named(PartitionDocument)),
    workloads: Type.Array(named(WorkloadDocument)),
    processes: Type.Array(named(ProcessIdentityDocument)),
    findings: Type.Array(named(FindingDocument)),
    pci: Type.Array(named(PciFunctionDocument)),
    baseline: named(BaselineDocument),
    hami: maybe(named(HamiSweepDocument)),
    events: Type.Array(named(EventDocument), { description: 'Oldest first; the newest 256.' }),
    eventsWaiting: integer("Driver events that waited when a sampler's were fetched last."),
    eventsLost: integer('Driver events since the agent started that came faster than they were read.'),
    switchedOff: Type.Array(word(COLLECTORS), {
      description: 'Sources that the configuration switched off (--collector.<name>): nobody looks there.',
    }),
    sources: Type.Array(named(SourceDocument)),
    calls: Type.Array(named(CallStatisticsDocument)),
    topologyVersion: integer('Changes whenever GPUs, instances, partitions or their names change.'),
  },
  { $id: 'Node', description: 'Everything known of this node at one time.' },
);

/** What `NodeDocument` describes. */
export function nodeDocument(state: NodeState) {
  return { ...state, gpus: state.gpus.map(gpuDocument) };
}

/** A node's state after JSON: what API clients, the status page and the command line read. */
export type NodeView = Static<typeof NodeDocument>;
export type GpuView = Static<typeof GpuDocument>;
export type PartitionView = Static<typeof PartitionDocument>;
export type WorkloadView = Static<typeof WorkloadDocument>;
export type FindingView = Static<typeof FindingDocument>;
export type StuckCallView = Static<typeof StuckCallDocument>;

/** Every named schema, in the order they depend on each other. */
export const DOCUMENTS = [
  ...GPU_PARTS,
  GpuDocument,
  EventDocument,
  PartitionDocument,
  WorkloadDocument,
  ProcessIdentityDocument,
  FindingDocument,
  DriverDocument,
  StuckCallDocument,
  SamplingDocument,
  CallStatisticsDocument,
  ...PCI_PARTS,
  BaselineGpuDocument,
  BaselineDocument,
  HamiSweepDocument,
  SourceDocument,
  NodeDocument,
] as const;

/** The schema and the model say the same. */
export type NodeAgrees = Holds<Same<Omit<NodeView, 'gpus'>, Omit<JsonForm<NodeState>, 'gpus'>>>;

/**
 * The state in the form it has after JSON. The copy is made by JSON itself, so that a command that collects on its
 * own and one that asks the agent read the very same thing.
 */
export function nodeView(state: NodeState): NodeView {
  return JSON.parse(JSON.stringify(nodeDocument(state))) as NodeView;
}

import Type, { type Static } from 'typebox';
import { COLLECTORS, type NodeState } from '../../model/node-state.js';
import { BaselineDocument, BaselineGpuDocument } from './baseline.js';
import { EventDocument } from './event.js';
import { KernelLogDocument, SwitchFaultDocument, XidFaultDocument } from './fault.js';
import { FindingDocument } from './finding.js';
import { GPU_PARTS, GpuDocument, gpuDocument } from './gpu.js';
import { HealthDocument, NamedVerdictDocument, VerdictDocument } from './health.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { PartitionDocument, WorkloadDocument } from './partition.js';
import { PCI_PARTS, PciFunctionDocument } from './pci.js';
import { ProcessIdentityDocument } from './process.js';
import { CallStatisticsDocument, DriverDocument, SamplingDocument, StuckCallDocument } from './sampling.js';
import { closed, integer, maybe, named, number, numbersByName, text, truth, word } from './words.js';

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
    rounds: closed(
      {
        durationBuckets: Type.Array(Type.Number(), {
          description: 'Cumulative counts for the bounds 10 µs to 10 s, then infinity.',
        }),
        durationSumSeconds: Type.Number(),
        errors: numbersByName('Rounds that failed, by reason.'),
        skipped: numbersByName('Rounds that were due and not begun, by reason.'),
      },
      { description: 'Its rounds since the agent started.' },
    ),
  },
  { $id: 'Source', description: 'Whether a source answered in its last round.' },
);

const UseDocument = closed(
  {
    workloads: Type.Array(
      closed({
        workload: Type.String(),
        partition: text('Where it is, or was last.'),
        gpuUuid: Type.String(),
        gpuIndex: Type.Integer(),
        sinceUnixSeconds: number('Unix time at which its sums were 0.'),
        busySeconds: maybe(number('Time in which its processes had kernels; missing where nobody samples processes.')),
        observedSeconds: maybe(number('Time for which there were samples of its processes.')),
        memoryByteSeconds: maybe(number('Device memory over time; missing once the driver did not know a process.')),
        energyJoules: maybe(number("Its part of the GPU's energy by busy time, an estimate.")),
        ended: truth('Whether none of its processes is there any more.'),
      }),
    ),
    unattributed: Type.Array(
      closed({ gpuUuid: Type.String(), energyJoules: number("Of the GPU's counter, what is in no workload's sum.") }),
    ),
  },
  { $id: 'Use', description: 'What workloads used since the agent first saw them; kept a while after they ended.' },
);

/** Schema of `NodeState` as the API and the control socket give it. */
export const NodeDocument = closed(
  {
    atUnixSeconds: number('Unix time of this state.'),
    atMonotonicSeconds: number('Seconds of the monotonic clock.'),
    agent: closed({
      version: Type.String(),
      commit: maybe(text('Of the sources it was built from.')),
      startedUnixSeconds: Type.Number(),
      pid: Type.Integer(),
    }),
    simulated: maybe(text('There only when the driver is a simulation: what it says of itself.')),
    driver: named(DriverDocument),
    sampling: named(SamplingDocument),
    gpus: Type.Array(named(GpuDocument)),
    partitions: Type.Array(named(PartitionDocument)),
    workloads: Type.Array(named(WorkloadDocument)),
    processes: Type.Array(named(ProcessIdentityDocument)),
    use: named(UseDocument),
    findings: Type.Array(named(FindingDocument)),
    health: named(HealthDocument),
    pci: Type.Array(named(PciFunctionDocument)),
    baseline: named(BaselineDocument),
    hami: maybe(named(HamiSweepDocument)),
    events: Type.Array(named(EventDocument), { description: 'Oldest first; the newest 256.' }),
    eventsWaiting: integer("Driver events that waited when a sampler's were fetched last."),
    eventsLost: integer('Driver events since the agent started that came faster than they were read.'),
    xidFaults: Type.Array(named(XidFaultDocument)),
    switchFaults: Type.Array(named(SwitchFaultDocument)),
    kernelLog: named(KernelLogDocument),
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
  XidFaultDocument,
  SwitchFaultDocument,
  KernelLogDocument,
  FindingDocument,
  VerdictDocument,
  NamedVerdictDocument,
  HealthDocument,
  DriverDocument,
  StuckCallDocument,
  SamplingDocument,
  CallStatisticsDocument,
  ...PCI_PARTS,
  BaselineGpuDocument,
  BaselineDocument,
  HamiSweepDocument,
  SourceDocument,
  UseDocument,
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

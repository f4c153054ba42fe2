import type { Gpu } from '../../model/gpu.js';
import { COLLECTORS, type CollectorName, type SourceState } from '../../model/node-state.js';
import { durationSeries } from '../duration-series.js';
import { familiesOf, one, type Scene, type Subject } from '../family.js';
import { gpuOrder, gpus, node } from '../subjects.js';

/** A source of the state, by name. */
const sources: Subject<SourceState> = {
  name: 'source',
  labelNames: ['collector'],
  rows: ({ state }) => state.sources,
  key: (source) => source.name,
  labels: (source) => ({ collector: source.name }),
};

/** A source, or a GPU as the driver's source sees it. */
interface SuccessRow {
  readonly collector: string;
  readonly gpu: Gpu | undefined;
  readonly ok: boolean;
}

const successes: Subject<SuccessRow> = {
  name: 'source, and each GPU of the source nvml',
  labelNames: ['collector', ...gpus.labelNames],
  rows: ({ state }) => [
    ...state.sources.map(({ name, ok }) => ({ collector: name, gpu: undefined, ok })),
    ...state.gpus.map((gpu) => ({ collector: 'nvml', gpu, ok: gpu.condition === 'up' })),
  ],
  key: ({ collector, gpu }) => (gpu === undefined ? collector : gpus.key(gpu)),
  order: ({ collector, gpu }) => `${collector} ${gpu === undefined ? '' : gpuOrder(gpu)}`,
  labels: ({ collector, gpu }) => ({ collector, ...(gpu === undefined ? {} : gpus.labels(gpu)) }),
};

interface ReasonRow {
  readonly collector: string;
  readonly reason: string;
  readonly count: number;
}

/** Rounds by why they failed or were left out. */
function byReason(name: string, counts: (source: SourceState) => Readonly<Record<string, number>>): Subject<ReasonRow> {
  return {
    name,
    labelNames: ['collector', 'reason'],
    rows: ({ state }) =>
      state.sources.flatMap((source) =>
        Object.entries(counts(source)).map(([reason, count]) => ({ collector: source.name, reason, count })),
      ),
    key: ({ collector, reason }) => `${collector} ${reason}`,
    labels: ({ collector, reason }) => ({ collector, reason }),
  };
}

const failures = byReason('failure of a source', ({ rounds }) => rounds.errors);
const omissions = byReason('round of a source that was left out', ({ rounds }) => rounds.skipped);

interface SwitchRow {
  readonly name: CollectorName;
  readonly on: boolean;
}

const switches: Subject<SwitchRow> = {
  name: 'source',
  labelNames: ['collector'],
  rows: ({ state }) => COLLECTORS.map((name) => ({ name, on: !state.switchedOff.includes(name) })),
  key: (row) => row.name,
  labels: (row) => ({ collector: row.name }),
};

/** Names of what was compiled, in a list that stays the same until it is compiled anew. */
const compiledNames = new WeakMap<Scene['seriesByFamily'], readonly string[]>();

const compiled: Subject<string> = {
  name: 'family',
  labelNames: ['family'],
  rows: ({ seriesByFamily }) => {
    const names = compiledNames.get(seriesByFamily) ?? [...seriesByFamily.keys()];
    compiledNames.set(seriesByFamily, names);
    return names;
  },
  key: (family) => family,
  labels: (family) => ({ family }),
};

/** The agent about itself: build, start, how fresh its picture of the node is. */
export const agent = [
  ...familiesOf(node, [
    {
      name: 'gpu_agent_build_info',
      type: 'info',
      help: 'Version of the agent, value 1',
      origin: 'agent',
      labelNames: ['version', 'commit', 'node_version', 'abi'],
      series: (state, { nodeVersion, abi }) => [
        {
          labels: { version: state.agent.version, commit: state.agent.commit, node_version: nodeVersion, abi },
          value: one,
        },
      ],
    },
    {
      name: 'gpu_agent_start_time_seconds',
      type: 'gauge',
      help: 'Unix time at which the agent started',
      origin: 'agent',
      series: [{ value: (state) => state.agent.startedUnixSeconds }],
    },
    {
      name: 'gpu_agent_snapshot_age_seconds',
      type: 'gauge',
      help: "Age of the sampler's last tick at this scrape; GPUs are sampled in the background, not on scrape",
      origin: 'agent',
      series: [
        {
          value: ({ sampling }, { stateAgeSeconds }) =>
            sampling.ageSeconds === undefined ? undefined : sampling.ageSeconds + stateAgeSeconds,
        },
      ],
    },
  ]),
  ...familiesOf(gpus, [
    {
      name: 'gpu_agent_device_last_collection_timestamp_seconds',
      type: 'gauge',
      help: 'Unix time of the last cycle in which the GPU answered',
      origin: 'agent',
      series: [{ value: (gpu) => gpu.lastCollectionUnixSeconds }],
    },
  ]),
  ...familiesOf(switches, [
    {
      name: 'gpu_agent_collector_enabled',
      type: 'gauge',
      help: 'Whether the source is switched on, see --collector.<name>',
      origin: 'configuration',
      series: [{ value: (row) => Number(row.on) }],
    },
  ]),
  ...familiesOf(successes, [
    {
      name: 'gpu_agent_collection_success',
      type: 'gauge',
      help: 'Whether the source answered in its last round; with uuid, whether the GPU did',
      origin: 'agent',
      series: [{ value: (row) => Number(row.ok) }],
    },
  ]),
  ...familiesOf(failures, [
    {
      name: 'gpu_agent_collection_errors_total',
      type: 'counter',
      help: 'Rounds of a source since the agent started that failed; of nvml, cycles of single GPUs',
      origin: 'agent',
      series: [{ value: (row) => row.count }],
    },
  ]),
  ...familiesOf(omissions, [
    {
      name: 'gpu_agent_collections_skipped_total',
      type: 'counter',
      help: 'Rounds of a source since the agent started that were due and not begun, because the one before was not over',
      origin: 'agent',
      series: [{ value: (row) => row.count }],
    },
  ]),
  ...familiesOf(sources, [
    {
      name: 'gpu_agent_collections_total',
      type: 'counter',
      help: 'Rounds of a source since the agent started, failed ones included; of nvml, cycles of single GPUs',
      origin: 'agent',
      series: [{ value: ({ rounds }) => rounds.durationBuckets.at(-1) }],
    },
    {
      name: 'gpu_agent_collection_duration_seconds',
      type: 'histogram',
      help: 'Duration of the rounds of a source; of nvml, of all calls of a GPU in one cycle',
      origin: 'agent',
      labelNames: ['le'],
      optIn: true,
      series: durationSeries(({ rounds }: SourceState) => rounds),
    },
    {
      name: 'gpu_agent_collection_last_duration_seconds',
      type: 'gauge',
      help: "Duration of the source's last round",
      origin: 'agent',
      series: [{ value: (source) => source.durationSeconds }],
    },
  ]),
  ...familiesOf(compiled, [
    {
      name: 'gpu_agent_series',
      type: 'gauge',
      help: 'Series of each family, absent ones included',
      origin: 'agent',
      optIn: true,
      series: [{ value: (family, { seriesByFamily }) => seriesByFamily.get(family) }],
    },
    {
      name: 'gpu_agent_series_dropped_total',
      type: 'counter',
      help: 'Series left out because another one says the same labels, which would make the whole scrape invalid; counted when the set of series changes',
      origin: 'agent',
      labelNames: ['reason'],
      series: [{ labels: { reason: 'duplicate_labels' }, value: (family, { dropped }) => dropped.get(family) }],
    },
  ]),
];

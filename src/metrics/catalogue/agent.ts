import { COLLECTORS, type CollectorName, type SourceState } from '../../model/node-state.js';
import { familiesOf, one, type Subject } from '../family.js';
import { gpus, node } from '../subjects.js';

/** A source of the state, by name. */
const sources: Subject<SourceState> = {
  name: 'source',
  labelNames: ['collector'],
  rows: ({ state }) => state.sources,
  key: (source) => source.name,
  labels: (source) => ({ collector: source.name }),
};

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

interface SeriesRow {
  readonly family: string;
  readonly lines: number;
}

const compiled: Subject<SeriesRow> = {
  name: 'family',
  labelNames: ['family'],
  rows: ({ seriesByFamily }) => [...seriesByFamily].map(([family, lines]) => ({ family, lines })),
  key: (row) => row.family,
  labels: (row) => ({ family: row.family }),
};

/** The agent about itself: build, start, how fresh its picture of the node is. */
export const agent = [
  ...familiesOf(node, [
    {
      name: 'gpu_agent_build_info',
      type: 'info',
      help: 'Version of the agent, value 1',
      origin: 'agent',
      labelNames: ['version', 'node_version', 'abi'],
      series: (state, { nodeVersion, abi }) => [
        { labels: { version: state.agent.version, node_version: nodeVersion, abi }, value: one },
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
  ...familiesOf(node, [
    {
      name: 'gpu_agent_series_dropped',
      type: 'gauge',
      help: 'Series left out because another one says the same labels, which would make the whole scrape invalid',
      origin: 'agent',
      series: [{ value: (_, scene) => scene.duplicates }],
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
  ...familiesOf(sources, [
    {
      name: 'gpu_agent_collection_success',
      type: 'gauge',
      help: 'Whether the source answered in its last round',
      origin: 'agent',
      series: [{ value: (source) => Number(source.ok) }],
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
      series: [{ value: (row) => row.lines }],
    },
  ]),
];

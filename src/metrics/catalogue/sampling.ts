import type { Gpu } from '../../model/gpu.js';
import type { NodeState, SamplerProcess, StuckCall } from '../../model/node-state.js';
import { isCallOf } from '../../model/stuck-call.js';
import { familiesOf, one, type Subject } from '../family.js';
import { functions, gpuOrder, gpus, node, results } from '../subjects.js';

interface LaneRow {
  readonly gpu: Gpu | undefined;
  readonly lane: 'gpu' | 'control' | 'events';
  readonly calls: readonly StuckCall[];
}

/** The threads that call NVML: one per GPU, one for the driver as a whole, one that waits for events. */
const lanes: Subject<LaneRow> = {
  name: 'thread that calls NVML',
  labelNames: [...gpus.labelNames, 'lane'],
  rows: ({ state }) => [
    ...state.gpus.map((gpu) => ({
      gpu,
      lane: 'gpu' as const,
      calls: state.sampling.stuckCalls.filter((call) => isCallOf(call, gpu)),
    })),
    ...(['control', 'events'] as const).map((lane) => ({
      gpu: undefined,
      lane,
      calls: state.sampling.stuckCalls.filter((call) => call.lane === lane),
    })),
  ],
  key: ({ gpu, lane }) => (gpu === undefined ? lane : gpus.key(gpu)),
  order: ({ gpu, lane }) => `${gpu === undefined ? '~' : gpuOrder(gpu)} ${lane}`,
  labels: ({ gpu, lane }) => ({ ...(gpu === undefined ? {} : gpus.labels(gpu)), lane }),
};

interface LibraryRow {
  readonly path: string | undefined;
  readonly simulated: boolean;
}

const libraries: Subject<LibraryRow> = {
  name: 'node',
  labelNames: ['path', 'simulated'],
  rows: ({ state }) =>
    state.driver.libraryPath === undefined && state.simulated === undefined
      ? []
      : [{ path: state.driver.libraryPath, simulated: state.simulated !== undefined }],
  key: ({ path, simulated }) => `${path} ${simulated}`,
  labels: ({ path, simulated }) => ({ path, simulated: String(simulated) }),
};

const ROLES: readonly SamplerProcess['role'][] = ['active', 'leaving', 'starting', 'stuck'];

/** Bounds of the sampler's duration buckets in seconds, as label values in canonical form. */
const BUCKETS = ['1e-05', '0.0001', '0.001', '0.01', '0.1', '1.0', '10.0', '+Inf'] as const;

const nvml = (read: (driver: NodeState['driver']) => number) => [
  { value: (state: NodeState) => (state.driver.state === 'unused' ? undefined : read(state.driver)) },
];

/** How the driver is being talked to. */
export const sampling = [
  ...familiesOf(libraries, [
    {
      name: 'gpu_agent_nvml_info',
      type: 'info',
      help: 'The NVML library in use and whether it is simulated, value 1',
      origin: 'agent',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(node, [
    {
      name: 'gpu_agent_nvml_initialized',
      type: 'gauge',
      help: 'Whether NVML is initialised',
      origin: 'nvmlInitWithFlags, nvmlInit_v2',
      series: nvml((driver) => Number(driver.state === 'initialized')),
    },
    {
      name: 'gpu_agent_nvml_init_attempts_total',
      type: 'counter',
      help: 'Attempts to initialise NVML',
      origin: 'agent',
      series: nvml((driver) => driver.initAttempts),
    },
    {
      name: 'gpu_agent_nvml_reinitializations_total',
      type: 'counter',
      help: 'Times NVML was shut down and initialised again',
      origin: 'agent',
      series: nvml((driver) => driver.reinitializations),
    },
    {
      name: 'gpu_agent_nvml_symbols_missing',
      type: 'gauge',
      help: 'NVML functions the agent knows that this library lacks',
      origin: 'agent',
      series: [
        {
          value: ({ driver }) => (driver.libraryPath === undefined ? undefined : driver.symbolsMissing),
        },
      ],
    },
    {
      name: 'gpu_agent_sampler_processes',
      type: 'gauge',
      help: 'Sampler processes by role; stuck = asked to end but asleep in the driver',
      origin: 'agent',
      labelNames: ['role'],
      series: ROLES.map((role) => ({
        labels: { role },
        value: ({ sampling: { processes } }) => processes.filter((process) => process.role === role).length,
      })),
    },
    {
      name: 'gpu_agent_sampler_restarts_total',
      type: 'counter',
      help: 'Samplers started in place of another since the agent started',
      origin: 'agent',
      series: [{ value: (state) => state.sampling.restarts }],
    },
  ]),
  ...familiesOf(lanes, [
    {
      name: 'gpu_agent_nvml_inflight_calls',
      type: 'gauge',
      help: 'NVML calls that have not come back for so long that they count as slow, stuck ones included',
      origin: 'watchdog of the sampler',
      series: [{ value: (row) => row.calls.length }],
    },
    {
      name: 'gpu_agent_nvml_stuck_calls',
      type: 'gauge',
      help: 'NVML calls that have not come back by the deadline of their class',
      origin: 'watchdog of the sampler',
      series: [{ value: (row) => row.calls.filter(({ verdict }) => verdict === 'stuck').length }],
    },
  ]),
  ...familiesOf(results, [
    {
      name: 'gpu_agent_nvml_calls_total',
      type: 'counter',
      help: 'NVML calls by function and result since the agent started',
      origin: 'agent',
      series: [{ value: (row) => row.count }],
    },
  ]),
  ...familiesOf(functions, [
    {
      name: 'gpu_agent_nvml_call_duration_seconds',
      type: 'histogram',
      help: 'Duration of NVML calls',
      origin: 'agent',
      labelNames: ['le'],
      optIn: true,
      series: [
        ...BUCKETS.map((le, bucket) => ({
          suffix: '_bucket' as const,
          labels: { le },
          value: (call: { readonly durationBuckets: readonly number[] }) => call.durationBuckets[bucket],
        })),
        { suffix: '_sum', value: (call) => call.durationSumSeconds },
        { suffix: '_count', value: (call) => call.durationBuckets[BUCKETS.length - 1] },
      ],
    },
  ]),
];

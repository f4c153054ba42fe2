import type { Gpu } from '../../model/gpu.js';
import type { NodeState, SamplerProcess, StuckCall } from '../../model/node-state.js';
import { isCallOf } from '../../model/stuck-call.js';
import { durationSeries } from '../duration-series.js';
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
  readonly soname: string | undefined;
  readonly simulated: boolean;
}

const libraries: Subject<LibraryRow> = {
  name: 'node',
  labelNames: ['path', 'soname', 'simulated'],
  rows: ({ state }) =>
    state.driver.libraryPath === undefined && state.simulated === undefined
      ? []
      : [
          {
            path: state.driver.libraryPath,
            soname: state.driver.librarySoname,
            simulated: state.simulated !== undefined,
          },
        ],
  key: ({ path, soname, simulated }) => `${path} ${soname} ${simulated}`,
  labels: ({ path, soname, simulated }) => ({ path, soname, simulated: String(simulated) }),
};

interface ReinitRow {
  readonly reason: string;
  readonly count: number;
}

/** Codes that always have a series, so that the first time is an increase: those of nvml.md §4 that ask for a new init. */
const REINIT_REASONS = [
  'driver_not_loaded',
  'gpu_not_found',
  'lib_rm_version_mismatch',
  'uninitialized',
  'unknown_error',
];

const reinits: Subject<ReinitRow> = {
  name: 'reason to initialise NVML anew',
  labelNames: ['reason'],
  rows: ({ state: { driver } }) => {
    if (driver.state === 'unused') return [];
    const counts = driver.reinitializationsByReason;
    return [...new Set([...REINIT_REASONS, ...Object.keys(counts)])].map((reason) => ({
      reason,
      count: counts[reason] ?? 0,
    }));
  },
  key: ({ reason }) => reason,
  labels: ({ reason }) => ({ reason }),
};

const ROLES: readonly SamplerProcess['role'][] = ['active', 'leaving', 'starting', 'stuck'];

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
  ...familiesOf(reinits, [
    {
      name: 'gpu_agent_nvml_reinitializations_total',
      type: 'counter',
      help: 'Times NVML was shut down and initialised again, by the return code that asked for it',
      origin: 'agent',
      series: [{ value: (row) => row.count }],
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
      series: durationSeries((call) => call),
    },
  ]),
];

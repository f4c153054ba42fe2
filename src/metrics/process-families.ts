import type { HeapSpaceInfo } from 'node:v8';
import { type Family, familiesOf, one, type Subject, type Value } from './family.js';
import type { ProcessSample } from './process-figures.js';

/** This process: one row, or none where it is not watched. */
const thisProcess: Subject<ProcessSample> = {
  name: 'process of the agent',
  labelNames: [],
  rows: ({ process }) => (process === undefined ? [] : [process]),
  key: () => '',
  labels: () => ({}),
};

const heapSpaces: Subject<HeapSpaceInfo> = {
  name: 'heap space',
  labelNames: ['space'],
  rows: ({ process }) => process?.heapSpaces ?? [],
  key: ({ space_name }) => space_name,
  labels: ({ space_name }) => ({ space: space_name.replace(/_space$/, '') }),
};

type ResourceRow = readonly [type: string, count: number];

const resources: Subject<ResourceRow> = {
  name: 'type of resource',
  labelNames: ['type'],
  rows: ({ process }) => (process === undefined ? [] : [...process.resources]),
  key: ([type]) => type,
  labels: ([type]) => ({ type }),
};

function cpuSeconds(value: (cpu: NodeJS.CpuUsage) => number): { readonly value: Value<ProcessSample> }[] {
  return [{ value: ({ cpu }) => value(cpu) / 1e6 }];
}

/** `nodejs_heap_space_size_*_bytes`, with the names of prom-client. */
function heapSpaceFamily(what: string, value: Value<HeapSpaceInfo>) {
  return {
    name: `nodejs_heap_space_size_${what}_bytes`,
    type: 'gauge',
    help: `Process heap space size ${what} from Node.js in bytes`,
    origin: 'V8',
    series: [{ value }],
  } as const;
}

/**
 * The standard families `process_*` and `nodejs_*` under the names that prom-client gave them, which dashboards of
 * Node.js services know. They are about the agent, not the node: all of them come and go together.
 */
export const PROCESS_FAMILIES: readonly Family[] = [
  ...familiesOf(thisProcess, [
    {
      name: 'process_cpu_user_seconds_total',
      type: 'counter',
      help: 'Total user CPU time spent in seconds',
      origin: 'getrusage(2)',
      series: cpuSeconds(({ user }) => user),
    },
    {
      name: 'process_cpu_system_seconds_total',
      type: 'counter',
      help: 'Total system CPU time spent in seconds',
      origin: 'getrusage(2)',
      series: cpuSeconds(({ system }) => system),
    },
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds',
      origin: 'getrusage(2)',
      series: cpuSeconds(({ user, system }) => user + system),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds',
      origin: 'Node.js',
      series: [{ value: ({ startedUnixSeconds }) => startedUnixSeconds }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory size in bytes',
      origin: '/proc/self/statm',
      series: [{ value: ({ memory }) => memory?.resident }],
    },
    {
      name: 'process_virtual_memory_bytes',
      type: 'gauge',
      help: 'Virtual memory size in bytes',
      origin: '/proc/self/statm',
      series: [{ value: ({ memory }) => memory?.virtual }],
    },
    {
      name: 'process_heap_bytes',
      type: 'gauge',
      help: 'Process heap size in bytes',
      origin: '/proc/self/statm',
      series: [{ value: ({ memory }) => memory?.data }],
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Number of open file descriptors',
      origin: '/proc/self/fd',
      series: [{ value: ({ openFiles }) => openFiles }],
    },
    {
      name: 'process_max_fds',
      type: 'gauge',
      help: 'Maximum number of open file descriptors',
      origin: '/proc/self/limits',
      series: [{ value: ({ maxOpenFiles }) => maxOpenFiles }],
    },
    {
      name: 'nodejs_heap_size_total_bytes',
      type: 'gauge',
      help: 'Process heap size from Node.js in bytes',
      origin: 'V8',
      series: [{ value: ({ heap }) => heap.total_heap_size }],
    },
    {
      name: 'nodejs_heap_size_used_bytes',
      type: 'gauge',
      help: 'Process heap size used from Node.js in bytes',
      origin: 'V8',
      series: [{ value: ({ heap }) => heap.used_heap_size }],
    },
    {
      name: 'nodejs_external_memory_bytes',
      type: 'gauge',
      help: 'Node.js external memory size in bytes',
      origin: 'V8',
      series: [{ value: ({ heap }) => heap.external_memory }],
    },
    {
      name: 'nodejs_eventloop_lag_seconds',
      type: 'gauge',
      help: 'Lag of event loop in seconds, measured at the scrape before',
      origin: 'Node.js',
      series: [{ value: ({ lagSeconds }) => lagSeconds }],
    },
    {
      name: 'nodejs_active_resources_total',
      type: 'gauge',
      help: 'Total number of active resources',
      origin: 'Node.js',
      series: [{ value: (sample) => [...sample.resources.values()].reduce((sum, count) => sum + count, 0) }],
    },
    {
      name: 'nodejs_version_info',
      type: 'info',
      help: 'Node.js version info',
      origin: 'Node.js',
      labelNames: ['version', 'major', 'minor', 'patch'],
      series: (_, { nodeVersion }) => {
        const [major, minor, patch] = nodeVersion.split('.');
        return [{ labels: { version: `v${nodeVersion}`, major, minor, patch }, value: one }];
      },
    },
  ]),
  ...familiesOf(heapSpaces, [
    heapSpaceFamily('total', ({ space_size }) => space_size),
    heapSpaceFamily('used', ({ space_used_size }) => space_used_size),
    heapSpaceFamily('available', ({ space_available_size }) => space_available_size),
  ]),
  ...familiesOf(resources, [
    {
      name: 'nodejs_active_resources',
      type: 'gauge',
      help: 'Number of active resources that are currently keeping the event loop alive, grouped by async resource type',
      origin: 'Node.js',
      series: [{ value: ([, count]) => count }],
    },
  ]),
];

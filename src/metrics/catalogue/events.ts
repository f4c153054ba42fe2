import type { NodeState } from '../../model/node-state.js';
import { familiesOf } from '../family.js';
import { driverEvents, gpus, node, xids } from '../subjects.js';

/** Where nobody listens to the driver, nothing is known to be empty. */
function nvmlIsRead<Value>({ switchedOff }: NodeState, value: Value): Value | undefined {
  return switchedOff.includes('nvml') ? undefined : value;
}

/** Where nobody looks at the kernel log, nothing is known of it. */
function logIsRead<Value>({ switchedOff }: NodeState, value: Value): Value | undefined {
  return switchedOff.includes('kmsg') ? undefined : value;
}

/** What the driver announced: XIDs and other events. They stay when the GPU is gone. */
export const events = [
  ...familiesOf(xids, [
    {
      name: 'gpu_xid_errors_total',
      type: 'counter',
      help: 'XID errors since the agent started',
      origin: 'NVML events, kernel log',
      series: [{ value: (row) => row.count }],
    },
  ]),
  ...familiesOf(gpus, [
    {
      name: 'gpu_xid_last_code',
      type: 'gauge',
      help: 'Number of the last XID',
      origin: 'NVML events, kernel log',
      series: [{ value: (gpu) => gpu.lastXid?.xid }],
    },
    {
      name: 'gpu_xid_last_timestamp_seconds',
      type: 'gauge',
      help: 'Unix time of the last XID',
      origin: 'NVML events, kernel log',
      series: [{ value: (gpu) => gpu.lastXid?.atUnixSeconds }],
    },
  ]),
  ...familiesOf(driverEvents, [
    {
      name: 'gpu_events_total',
      type: 'counter',
      help: 'Driver events other than XIDs since the agent started',
      origin: 'NVML events',
      series: [{ value: (row) => row.count }],
    },
  ]),
  ...familiesOf(node, [
    {
      name: 'gpu_agent_event_queue_length',
      type: 'gauge',
      help: 'Events that waited when they were fetched last',
      origin: 'agent',
      labelNames: ['source'],
      series: [{ labels: { source: 'nvml' }, value: (state) => nvmlIsRead(state, state.eventsWaiting) }],
    },
    {
      name: 'gpu_agent_kmsg_available',
      type: 'gauge',
      help: 'Whether the kernel log is read; absent where it is switched off',
      origin: 'agent',
      series: [{ value: (state) => logIsRead(state, Number(state.kernelLog.unreadable === undefined)) }],
    },
    {
      name: 'gpu_agent_kmsg_lines_total',
      type: 'counter',
      help: 'Records of the kernel log read, those from before the agent started among them',
      origin: '/dev/kmsg',
      series: [{ value: (state) => logIsRead(state, state.kernelLog.lines) }],
    },
    {
      name: 'gpu_agent_events_dropped_total',
      type: 'counter',
      help: 'Events since the agent started that came faster than they were read; they are in no other count',
      origin: 'agent',
      labelNames: ['source'],
      series: [{ labels: { source: 'nvml' }, value: (state) => state.eventsLost }],
    },
  ]),
];

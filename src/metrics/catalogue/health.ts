import { HEALTH_STATUSES } from '../../model/node-health.js';
import { familiesOf, one } from '../family.js';
import { findings, node, raisedFindings, recommendations, verdictChanges, verdicts } from '../subjects.js';

/** Findings, and what they come to: docs/findings.md. */
export const health = [
  ...familiesOf(verdicts, [
    {
      name: 'gpu_health_status',
      type: 'gauge',
      help: 'What the findings about the GPU come to, 1 for the current status; unknown while nobody can tell',
      origin: 'agent',
      labelNames: ['status'],
      series: HEALTH_STATUSES.map((status) => ({
        labels: { status },
        value: ({ verdict }) => Number(verdict.status === status),
      })),
    },
  ]),
  ...familiesOf(recommendations, [
    {
      name: 'gpu_health_recommended_action',
      type: 'gauge',
      help: 'The gravest action that a finding about the GPU recommends, always 1; only the current action has a series',
      origin: 'agent',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(verdictChanges, [
    {
      name: 'gpu_health_transitions_total',
      type: 'counter',
      help: 'Changes of the status of the GPU since the agent started',
      origin: 'agent',
      series: [{ value: ({ change }) => change.count }],
    },
  ]),
  ...familiesOf(findings, [
    {
      name: 'gpu_health_finding',
      type: 'gauge',
      help: 'A finding that is open and not muted; absent when it is not',
      origin: 'agent',
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(raisedFindings, [
    {
      name: 'gpu_health_findings_total',
      type: 'counter',
      help: 'Findings raised since the agent started, without muted ones',
      origin: 'agent',
      series: [{ value: ({ count }) => count }],
    },
  ]),
  ...familiesOf(node, [
    {
      name: 'gpu_node_health_status',
      type: 'gauge',
      help: 'What all findings come to, 1 for the current status; unknown while a GPU cannot be judged',
      origin: 'agent',
      labelNames: ['status'],
      series: HEALTH_STATUSES.map((status) => ({
        labels: { status },
        value: (state) => Number(state.health.node.status === status),
      })),
    },
  ]),
];

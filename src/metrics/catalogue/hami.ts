import { familiesOf, flag, type Subject } from '../family.js';
import { node } from '../subjects.js';

interface RefusalRow {
  readonly reason: string;
  readonly files: number;
}

const refusals: Subject<RefusalRow> = {
  name: 'reason of refusal',
  labelNames: ['reason'],
  rows: ({ state }) => Object.entries(state.hami?.refusedByReason ?? {}).map(([reason, files]) => ({ reason, files })),
  key: ({ reason }) => reason,
  labels: ({ reason }) => ({ reason }),
};

/** The sweep over HAMi's usage files: what was there and what was not believed. */
export const hami = [
  ...familiesOf(node, [
    {
      name: 'gpu_agent_hami_directories',
      type: 'gauge',
      help: 'Container directories found in the last sweep',
      origin: 'HAMi directories',
      series: [{ value: (state) => state.hami?.directories }],
    },
    {
      name: 'gpu_agent_hami_files',
      type: 'gauge',
      help: 'Usage files read in the last sweep',
      origin: 'HAMi directories',
      series: [{ value: (state) => state.hami?.files }],
    },
    {
      name: 'gpu_agent_hami_truncated',
      type: 'gauge',
      help: 'Whether the last sweep found more containers than it takes',
      origin: 'HAMi directories',
      series: [{ value: (state) => flag(state.hami?.truncated) }],
    },
  ]),
  ...familiesOf(refusals, [
    {
      name: 'gpu_agent_hami_refused_files',
      type: 'gauge',
      help: 'Usage files not believed in the last sweep, by reason',
      origin: 'HAMi usage files',
      series: [{ value: (row) => row.files }],
    },
  ]),
];

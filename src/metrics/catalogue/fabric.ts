import type { Gpu } from '../../model/gpu.js';
import { familiesOf, type Labels, one, type Subject } from '../family.js';
import { bitsAt, ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

const FABRIC = { needs: 'Hopper or newer with NVLink switches; drivers 525 and newer' } as const;

interface MembershipRow {
  readonly gpu: Gpu;
  readonly membership: Labels;
}

const STATES: Readonly<Record<string, number>> = { completed: 3, in_progress: 2, not_started: 1, not_supported: 0 };

const stateOf = ofGpu.value('fabric_state');
const cliqueOf = ofGpu.value('fabric_clique_id');

/** GPUs that have joined a fabric, by where in it they are. */
const memberships: Subject<MembershipRow> = {
  name: 'GPU in a fabric',
  labelNames: [...gpus.labelNames, 'cluster_uuid', 'clique_id'],
  rows: ({ state }) =>
    state.gpus.flatMap((gpu) => {
      const clique = cliqueOf(gpu);
      if (clique === undefined || stateOf(gpu) !== STATES.completed) return [];
      return [{ gpu, membership: { cluster_uuid: gpu.fabricClusterUuid, clique_id: clique } }];
    }),
  key: ({ gpu, membership }) => `${gpus.key(gpu)} ${membership.cluster_uuid ?? ''} ${membership.clique_id}`,
  labels: ({ gpu, membership }) => ({ ...gpus.labels(gpu), ...membership }),
};

/** Answer of a group of the health mask: 1 true, 2 false, else nobody knows (nvml.md §5.10). */
function yesOrNo(answer: number): number | undefined {
  if (answer === 1) return 1;
  return answer === 2 ? 0 : undefined;
}

/** Conditions of the health mask: where their group of bits is, and what it says. */
const CONDITIONS: Readonly<Record<string, (mask: number) => number | undefined>> = {
  access_timeout_recovery: (mask) => yesOrNo(bitsAt(mask, 6, 2)),
  degraded_bandwidth: (mask) => yesOrNo(bitsAt(mask, 0, 2)),
  incorrect_configuration: (mask) => {
    const kind = bitsAt(mask, 8, 4);
    // 0 = not supported, 1 = none, above that which one it is.
    return kind === 0 ? undefined : Number(kind > 1);
  },
  partition_missing: (mask) => {
    const assigned = yesOrNo(bitsAt(mask, 12, 2));
    return assigned === undefined ? undefined : 1 - assigned;
  },
  route_recovery: (mask) => yesOrNo(bitsAt(mask, 2, 2)),
  route_unhealthy: (mask) => yesOrNo(bitsAt(mask, 4, 2)),
};

export const SUMMARIES: Readonly<Record<string, number>> = { healthy: 1, limited_capacity: 3, unhealthy: 2 };

/** The NVLink fabric that switches make of GPUs. */
export const fabric = [
  ...familiesOf(gpus, [
    ofGpu.gauge(
      'gpu_fabric_state',
      'How far the GPU has come in joining its NVLink fabric, 1 for the current state',
      ofGpu.states('fabric_state', 'state', STATES),
      FABRIC,
    ),
    ofGpu.gauge(
      'gpu_fabric_status_code',
      'NVML return code of joining the fabric, 0 = success; only means something when the state is completed',
      'fabric_status_code',
      FABRIC,
    ),
    ofGpu.gauge(
      'gpu_fabric_health',
      'What is wrong with the fabric as the GPU sees it, 1 for each condition that holds; absent where not supported',
      Object.entries(CONDITIONS).map(([condition, view]) => ofGpu.seen('fabric_health_mask', view, { condition })),
      { needs: 'Blackwell or newer with NVLink switches (H100 and H200 support none); drivers 550 and newer' },
    ),
    ofGpu.gauge(
      'gpu_fabric_health_summary',
      'Health of the fabric as the GPU sees it, 1 for the current one; absent where not supported',
      Object.entries(SUMMARIES).map(([summary, number]) =>
        ofGpu.seen('fabric_health_summary', (now) => (now === 0 ? undefined : Number(now === number)), { summary }),
      ),
      { needs: 'Blackwell or newer with NVLink switches (H100 and H200 support none)' },
    ),
  ]),
  ...familiesOf(memberships, [
    {
      name: 'gpu_fabric_info',
      type: 'info',
      help: 'Cluster and clique of the fabric, value 1; GPUs with the same both can reach each other',
      origin: 'nvmlDeviceGetGpuFabricInfoV, nvmlDeviceGetGpuFabricInfo',
      ...FABRIC,
      series: [{ value: one }],
    },
  ]),
];

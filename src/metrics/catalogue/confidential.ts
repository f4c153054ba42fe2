import type { NodeState } from '../../model/node-state.js';
import { NODE_READING_TABLE } from '../../model/readings.js';
import type { NodeReadingId } from '../../native/readings.generated.js';
import { familiesOf, type Labels, one, type Subject } from '../family.js';
import { ReadingFamilies } from '../reading.js';
import { node } from '../subjects.js';

const ofNode = new ReadingFamilies<NodeState, NodeReadingId>(NODE_READING_TABLE, ({ driver }) => driver.readings);

/** NVML_CC_SYSTEM_ENVIRONMENT_*. */
const ENVIRONMENTS: Readonly<Record<number, string>> = { 0: 'unavailable', 1: 'simulation', 2: 'production' };
/** NVML_CC_SYSTEM_CPU_CAPS_*. */
const CPU_CAPABILITIES: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'sev',
  2: 'tdx',
  3: 'sev_snp',
  4: 'sev_snp_vtom',
};
/** NVML_CC_SYSTEM_MULTIGPU_*. */
const MULTI_GPU: Readonly<Record<number, string>> = { 0: 'none', 1: 'protected_pcie', 2: 'nvle' };

function infoOf({ driver: { readings } }: NodeState): Labels {
  const named = (names: Readonly<Record<number, string>>, id: NodeReadingId) => {
    const number = readings.get(id);
    return number === undefined ? undefined : (names[number] ?? String(number));
  };
  return {
    environment: named(ENVIRONMENTS, 'confidential_compute_environment'),
    devtools: named({ 0: 'off', 1: 'on' }, 'confidential_compute_devtools_enabled'),
    cpu_capability: named(CPU_CAPABILITIES, 'confidential_compute_cpu_capability'),
    multi_gpu: named(MULTI_GPU, 'confidential_compute_multi_gpu_mode'),
  };
}

interface InfoRow {
  readonly info: Labels;
}

/** Labels are readings, so their values are the key. */
const infos: Subject<InfoRow> = {
  name: 'node',
  labelNames: ['environment', 'devtools', 'cpu_capability', 'multi_gpu'],
  rows: ({ state }) => {
    const info = infoOf(state);
    return info.environment === undefined ? [] : [{ info }];
  },
  key: ({ info }) => Object.values(info).join(' '),
  labels: ({ info }) => info,
};

const NEEDS = 'drivers 535 and newer';

/** Confidential computing: whether memory and links of this node's GPUs are sealed against its host. */
export const confidential = [
  ...familiesOf(node, [
    ofNode.gauge(
      'gpu_confidential_compute_enabled',
      'Whether confidential computing is switched on for the node',
      'confidential_compute_enabled',
      { needs: NEEDS },
    ),
    ofNode.gauge(
      'gpu_confidential_compute_ready',
      'Whether the GPUs accept work of clients',
      'confidential_compute_ready',
      { needs: `${NEEDS}; confidential computing on` },
    ),
    ofNode.gauge(
      'gpu_confidential_key_rotation_threshold',
      'Advantage of an attacker at which the keys of the session are rotated',
      'confidential_key_rotation_threshold',
      { needs: 'drivers 550 and newer; confidential computing on' },
    ),
  ]),
  ...familiesOf(infos, [
    {
      name: 'gpu_confidential_compute_info',
      type: 'info',
      help: 'How confidential computing is set up, value 1',
      origin: 'nvmlSystemGetConfComputeState, nvmlSystemGetConfComputeSettings, nvmlSystemGetConfComputeCapabilities',
      needs: `${NEEDS}; multi_gpu: 550 and newer`,
      series: [{ value: one }],
    },
  ]),
];

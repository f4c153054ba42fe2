import { familiesOf, one, type Subject } from '../family.js';
import { ofPeer, type ReadingLine } from '../reading.js';
import { type PeerRow, peers } from '../subjects.js';

const OPT_IN = 'more than one GPU; --collector.topology';

/** nvmlGpuTopologyLevel_t (nvml.md §6). */
export const TOPOLOGY_LEVELS: Readonly<Record<number, string>> = {
  0: 'internal',
  10: 'single',
  20: 'multiple',
  30: 'hostbridge',
  40: 'node',
  50: 'system',
};

/** nvmlGpuP2PStatus_t (nvml.md §6). */
export const P2P_STATUSES: Readonly<Record<number, string>> = {
  0: 'ok',
  1: 'chipset not supported',
  2: 'GPU not supported',
  3: 'IOH topology not supported',
  4: 'disabled by registry key',
  5: 'not supported',
  6: 'unknown',
};

interface PlacedRow extends PeerRow {
  readonly level: string;
}

const level = ofPeer.value('topology_level');

/** Pairs of which it is known how near they are. */
const placed: Subject<PlacedRow> = {
  name: 'pair of GPUs',
  labelNames: [...peers.labelNames, 'level'],
  rows: (scene) =>
    peers.rows(scene).flatMap((row) => {
      const word = TOPOLOGY_LEVELS[level(row) ?? -1];
      return word === undefined ? [] : [{ ...row, level: word }];
    }),
  key: (row) => `${peers.key(row)} ${row.level}`,
  order: peers.order as (row: PlacedRow) => string,
  labels: (row) => ({ ...peers.labels(row), level: row.level }),
};

/** 1 where the driver says ok, 0 where it says why not; it may not know. */
function capability(name: 'read' | 'write' | 'nvlink' | 'atomics' | 'pci'): ReadingLine<PeerRow> {
  return ofPeer.seen(
    `p2p_${name}_status`,
    (status) =>
      P2P_STATUSES[status] === undefined || P2P_STATUSES[status] === 'unknown' ? undefined : Number(status === 0),
    { capability: name },
  );
}

/** How the GPUs of a node are placed to each other. */
export const topology = [
  ...familiesOf(placed, [
    {
      name: 'gpu_topology_info',
      type: 'info',
      help: 'How near another GPU is, value 1: on one board (internal), behind one PCIe switch (single; PIX of nvidia-smi topo) or several (multiple; PXB), behind one host bridge (hostbridge; PHB), in one NUMA node (node), or none of these (system; SYS)',
      origin: 'nvmlDeviceGetTopologyCommonAncestor',
      needs: OPT_IN,
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(peers, [
    ofPeer.gauge(
      'gpu_p2p_supported',
      "Whether the GPU can use another's memory: read, write, over NVLink, atomically, over PCI; absent where the driver does not know",
      [capability('read'), capability('write'), capability('nvlink'), capability('atomics'), capability('pci')],
      { needs: OPT_IN },
    ),
  ]),
];

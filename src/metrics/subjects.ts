import type { Finding } from '../model/finding.js';
import type { C2cLink, Fan, Gpu, MigInstance, MigProfile, NvLink, Peer } from '../model/gpu.js';
import type { NamedVerdict, VerdictChange } from '../model/node-health.js';
import type { CallStatistics, NodeState } from '../model/node-state.js';
import type { Partition, Share } from '../model/partition.js';
import type { Workload } from '../model/workload.js';
import type { Labels, Subject } from './family.js';

/** What lines of a GPU are printed in the order of: its index, as wide as any index is, so that texts sort like numbers. */
export function gpuOrder(gpu: Gpu): string {
  return `${String(gpu.index).padStart(6, '0')} ${gpu.uuid ?? ''}`;
}

/** A text that is there already, but for a GPU that never told its name. */
function gpuKey(gpu: Gpu): string {
  return gpu.uuid ?? String(gpu.index);
}

function gpuLabels(gpu: Gpu) {
  return { uuid: gpu.uuid, gpu: gpu.index };
}

const GPU_LABELS = ['uuid', 'gpu'] as const;

/** The node itself: one row. */
export const node: Subject<NodeState> = {
  name: 'node',
  labelNames: [],
  rows: ({ state }) => [state],
  key: () => '',
  labels: () => ({}),
};

/** Every GPU the driver reports. */
export const gpus: Subject<Gpu> = {
  name: 'GPU',
  labelNames: GPU_LABELS,
  rows: ({ state }) => state.gpus,
  key: gpuKey,
  order: gpuOrder,
  labels: gpuLabels,
};

/** A MIG instance and the GPU it is on. */
export interface MigRow {
  readonly gpu: Gpu;
  readonly instance: MigInstance;
}

/** Every MIG instance. */
export const migInstances: Subject<MigRow> = {
  name: 'MIG instance',
  labelNames: [...GPU_LABELS, 'mig_uuid', 'gpu_instance', 'compute_instance', 'profile'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.migInstances.map((instance) => ({ gpu, instance }))),
  key: ({ gpu, instance }) => (instance.uuid === '' ? `${gpuKey(gpu)} ${instance.migIndex}` : instance.uuid),
  order: ({ gpu, instance }) => `${gpuOrder(gpu)} ${String(instance.migIndex).padStart(3, '0')} ${instance.uuid}`,
  labels: ({ gpu, instance }) => ({
    ...gpuLabels(gpu),
    mig_uuid: instance.uuid,
    gpu_instance: instance.gpuInstance,
    compute_instance: instance.computeInstance,
    profile: instance.profile,
  }),
};

/** Instances of one profile on one GPU. */
export interface MigCountRow {
  readonly gpu: Gpu;
  readonly profile: string;
  readonly instances: number;
}

/** Every profile that has an instance, per GPU. */
export const migCounts: Subject<MigCountRow> = {
  name: 'MIG profile in use',
  labelNames: [...GPU_LABELS, 'profile'],
  rows: ({ state }) =>
    state.gpus.flatMap((gpu) => {
      const counts = new Map<string, number>();
      for (const { profile } of gpu.migInstances) {
        if (profile !== undefined) counts.set(profile, (counts.get(profile) ?? 0) + 1);
      }
      return [...counts].map(([profile, instances]) => ({ gpu, profile, instances }));
    }),
  key: ({ gpu, profile }) => `${gpuOrder(gpu)} ${profile}`,
  labels: ({ gpu, profile }) => ({ ...gpuLabels(gpu), profile }),
};

/** A profile that a GPU offers. */
export interface MigProfileRow {
  readonly gpu: Gpu;
  readonly profile: MigProfile;
}

/** Every profile that a GPU in MIG mode offers and the driver names. */
export const migProfiles: Subject<MigProfileRow> = {
  name: 'MIG profile',
  labelNames: [...GPU_LABELS, 'profile'],
  rows: ({ state }) =>
    state.gpus.flatMap((gpu) =>
      gpu.migProfiles.flatMap((profile) => (profile.name === undefined ? [] : [{ gpu, profile }])),
    ),
  key: ({ gpu, profile }) => `${gpuKey(gpu)} ${profile.name}`,
  labels: ({ gpu, profile }) => ({ ...gpuLabels(gpu), profile: profile.name }),
};

function partKey(gpu: Gpu, part: number | undefined): string {
  return part === undefined ? gpuKey(gpu) : `${gpuKey(gpu)} ${String(part).padStart(3, '0')}`;
}

/** An NVLink and the GPU it is of. */
export interface LinkRow {
  readonly gpu: Gpu;
  readonly link: NvLink;
}

/** Every NVLink of every GPU. */
export const nvlinks: Subject<LinkRow> = {
  name: 'NVLink',
  labelNames: [...GPU_LABELS, 'link'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.links.map((link) => ({ gpu, link }))),
  key: ({ gpu, link }) => partKey(gpu, link.link),
  labels: ({ gpu, link }) => ({ ...gpuLabels(gpu), link: link.link }),
};

/** An NVLink whose counters are read, or all links of a GPU together. */
export interface LinkCountersRow {
  readonly gpu: Gpu;
  readonly link: NvLink | undefined;
}

/** The links of every GPU together, then each link whose counters are read (--collector.nvlink-links). */
export const linkCounters: Subject<LinkCountersRow> = {
  name: 'NVLink, or all of a GPU',
  labelNames: [...GPU_LABELS, 'link'],
  rows: ({ state }) =>
    state.gpus.flatMap((gpu) => [
      { gpu, link: undefined },
      ...gpu.links
        .filter(({ readings }) => readings.absence('transmit_data_bytes_total') !== 'not_asked')
        .map((link) => ({ gpu, link })),
    ]),
  key: ({ gpu, link }) => partKey(gpu, link?.link),
  labels: ({ gpu, link }) => ({ ...gpuLabels(gpu), link: link?.link }),
};

/** A chip-to-chip link and the GPU it is of. */
export interface C2cLinkRow {
  readonly gpu: Gpu;
  readonly link: C2cLink;
}

/** Every chip-to-chip link. */
export const c2cLinks: Subject<C2cLinkRow> = {
  name: 'chip-to-chip link',
  labelNames: [...GPU_LABELS, 'link'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.c2cLinks.map((link) => ({ gpu, link }))),
  key: ({ gpu, link }) => partKey(gpu, link.link),
  labels: ({ gpu, link }) => ({ ...gpuLabels(gpu), link: link.link }),
};

/** A fan and the GPU it is of. */
export interface FanRow {
  readonly gpu: Gpu;
  readonly fan: Fan;
}

/** Every fan. */
export const fans: Subject<FanRow> = {
  name: 'fan',
  labelNames: [...GPU_LABELS, 'fan'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.fans.map((fan) => ({ gpu, fan }))),
  key: ({ gpu, fan }) => partKey(gpu, fan.fan),
  labels: ({ gpu, fan }) => ({ ...gpuLabels(gpu), fan: fan.fan }),
};

/** Another GPU and the one it is seen from. */
export interface PeerRow {
  readonly gpu: Gpu;
  readonly peer: Peer;
}

/** Every pair of GPUs, from either side (--collector.topology). */
export const peers: Subject<PeerRow> = {
  name: 'pair of GPUs',
  labelNames: [...GPU_LABELS, 'peer_uuid'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.peers.map((peer) => ({ gpu, peer }))),
  key: ({ gpu, peer }) => `${gpuKey(gpu)} ${peer.uuid}`,
  order: ({ gpu, peer }) => `${gpuOrder(gpu)} ${String(peer.gpuIndex).padStart(6, '0')} ${peer.uuid}`,
  labels: ({ gpu, peer }) => ({ ...gpuLabels(gpu), peer_uuid: peer.uuid }),
};

/** XID counts of one GPU. */
export interface XidRow {
  readonly gpu: Gpu;
  readonly xid: number;
  readonly source: string;
  readonly count: number;
}

/** Every XID seen, per GPU and source. */
export const xids: Subject<XidRow> = {
  name: 'XID',
  labelNames: [...GPU_LABELS, 'xid', 'source'],
  rows: ({ state }) => state.gpus.flatMap((gpu) => gpu.xids.map((seen) => ({ gpu, ...seen }))),
  key: ({ gpu, xid, source }) => `${gpuOrder(gpu)} ${String(xid).padStart(6, '0')} ${source}`,
  labels: ({ gpu, xid, source }) => ({ ...gpuLabels(gpu), xid, source }),
};

/** Driver events of one type on one GPU. */
export interface EventRow {
  readonly gpu: Gpu;
  readonly type: string;
  readonly count: number;
}

/** Every type of driver event seen, per GPU. XIDs have families of their own. */
export const driverEvents: Subject<EventRow> = {
  name: 'driver event',
  labelNames: [...GPU_LABELS, 'type'],
  rows: ({ state }) =>
    state.gpus.flatMap((gpu) =>
      Object.entries(gpu.eventCounts).flatMap(([type, count]) => (type === 'xid' ? [] : [{ gpu, type, count }])),
    ),
  key: ({ gpu, type }) => `${gpuOrder(gpu)} ${type}`,
  labels: ({ gpu, type }) => ({ ...gpuLabels(gpu), type }),
};

/** Labels of the GPU of a UUID, or of an index where it has none; one that is not there has no index. */
function labelsOfGpu(id: string, present: readonly Gpu[]) {
  const gpu = present.find((one) => gpuKey(one) === id);
  return gpu === undefined ? { uuid: id } : gpuLabels(gpu);
}

/** What the findings about one GPU come to. */
export interface VerdictRow {
  readonly verdict: NamedVerdict;
  readonly labels: Labels;
}

/** Every GPU that has a verdict: also one that is missing. */
export const verdicts: Subject<VerdictRow> = {
  name: 'GPU with a verdict',
  labelNames: GPU_LABELS,
  rows: ({ state }) => state.health.gpus.map((verdict) => ({ verdict, labels: labelsOfGpu(verdict.id, state.gpus) })),
  key: ({ verdict }) => verdict.id,
  order: ({ verdict, labels }) => `${String(labels.gpu ?? '~').padStart(6, '0')} ${verdict.id}`,
  labels: ({ labels }) => labels,
};

/** The same by what is recommended: another action is another row, so that only the current one costs a series. */
export const recommendations: Subject<VerdictRow> = {
  ...verdicts,
  name: 'recommended action',
  labelNames: [...GPU_LABELS, 'action'],
  key: ({ verdict }) => `${verdict.id} ${verdict.action}`,
  labels: ({ verdict: { action }, labels }) => ({ ...labels, action }),
};

/** How a verdict changed. */
export interface ChangeRow {
  readonly change: VerdictChange;
  readonly labels: Labels;
}

/** Every change of a verdict that happened, per GPU. */
export const verdictChanges: Subject<ChangeRow> = {
  name: 'change of a verdict',
  labelNames: [...GPU_LABELS, 'from', 'to'],
  rows: ({ state }) => state.health.changes.map((change) => ({ change, labels: labelsOfGpu(change.gpu, state.gpus) })),
  key: ({ change }) => `${change.gpu} ${change.from} ${change.to}`,
  labels: ({ change: { from, to }, labels }) => ({ ...labels, from, to }),
};

/** An open finding that counts; those of one code whose labels are the same are one row. */
export interface FindingRow {
  readonly key: string;
  readonly labels: Labels;
}

/** Every open finding that is not muted. */
export const findings: Subject<FindingRow> = {
  name: 'open finding',
  labelNames: [...GPU_LABELS, 'code', 'severity', 'partition', 'workload'],
  rows: ({ state }) => {
    const rows = new Map<string, FindingRow>();
    for (const finding of state.findings) {
      if (finding.mutedBy !== undefined) continue;
      const key = `${finding.code} ${finding.severity} ${isOfPart(finding) ? finding.subject.id : ''}`;
      rows.set(key, { key, labels: findingLabels(finding, state) });
    }
    return [...rows.values()];
  },
  key: ({ key }) => key,
  labels: ({ labels }) => labels,
};

/** Whether its subject is in its labels: what is said of the node or the agent is said of one thing. */
function isOfPart({ subject: { kind } }: Finding): boolean {
  return kind !== 'node' && kind !== 'agent';
}

function findingLabels({ code, severity, subject: { kind, id } }: Finding, state: NodeState): Labels {
  const about = { code, severity };
  if (kind === 'gpu') return { ...labelsOfGpu(id, state.gpus), ...about };
  if (kind === 'workload') return { ...about, workload: id };
  if (kind !== 'partition') return about;
  const partition = state.partitions.find((one) => one.id === id);
  return { uuid: partition?.gpuUuid, gpu: partition?.gpuIndex, ...about, partition: id };
}

/** How often findings of one code were raised. */
export interface RaisedRow {
  readonly code: string;
  readonly count: number;
}

/** Every code of which a finding was raised. */
export const raisedFindings: Subject<RaisedRow> = {
  name: 'code of findings',
  labelNames: ['code'],
  rows: ({ state }) => Object.entries(state.health.raisedByCode).map(([code, count]) => ({ code, count })),
  key: ({ code }) => code,
  labels: ({ code }) => ({ code }),
};

/** What partitions are printed in the order of: index of the GPU first, partitions of no GPU last. */
export function partitionOrder(partition: Partition): string {
  const index = partition.gpuIndex === undefined ? '~' : String(partition.gpuIndex).padStart(6, '0');
  return `${index} ${partition.kind} ${partition.id}`;
}

function partitionLabels(partition: Partition) {
  return { uuid: partition.gpuUuid, gpu: partition.gpuIndex, partition: partition.id };
}

/** Every part of a GPU that can be given to somebody. */
export const partitions: Subject<Partition> = {
  name: 'partition',
  labelNames: [...GPU_LABELS, 'partition', 'kind'],
  rows: ({ state }) => state.partitions,
  key: (partition) => partition.id,
  order: partitionOrder,
  labels: (partition) => ({ ...partitionLabels(partition), kind: partition.kind }),
};

/** A partition of kind `share` and what is known of it. */
export interface ShareRow {
  readonly partition: Partition;
  readonly share: Share;
}

/** Every HAMi share. */
export const shares: Subject<ShareRow> = {
  name: 'share',
  labelNames: [...GPU_LABELS, 'partition'],
  rows: ({ state }) => {
    const rows: ShareRow[] = [];
    for (const partition of state.partitions) {
      if (partition.share !== undefined) rows.push({ partition, share: partition.share });
    }
    return rows;
  },
  key: ({ partition }) => partition.id,
  order: ({ partition }) => partitionOrder(partition),
  labels: ({ partition }) => partitionLabels(partition),
};

/** Everybody who runs on a GPU or holds a part of one. */
export const workloads: Subject<Workload> = {
  name: 'workload',
  labelNames: ['workload', 'kind'],
  rows: ({ state }) => state.workloads,
  key: (workload) => workload.id,
  labels: (workload) => ({ workload: workload.id, kind: workload.kind }),
};

/** Statistics of every NVML function that was called. */
export const functions: Subject<CallStatistics> = {
  name: 'NVML function',
  labelNames: ['function'],
  // The sampler times its other waits in the same table; those are not NVML's.
  rows: ({ state }) => state.calls.filter((call) => call.function.startsWith('nvml')),
  key: (call) => call.function,
  labels: (call) => ({ function: call.function }),
};

/** How often one function gave one result. */
export interface ResultRow {
  readonly function: string;
  readonly result: string;
  readonly count: number;
}

/** Every result every NVML function gave. */
export const results: Subject<ResultRow> = {
  name: 'NVML result',
  labelNames: ['function', 'result'],
  rows: (scene) =>
    functions
      .rows(scene)
      .flatMap((call) =>
        Object.entries(call.results).flatMap(([result, count]) =>
          count > 0 ? [{ function: call.function, result, count }] : [],
        ),
      ),
  key: (row) => `${row.function} ${row.result}`,
  labels: (row) => ({ function: row.function, result: row.result }),
};

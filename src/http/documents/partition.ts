import type { Static } from 'typebox';
import Type from 'typebox';
import type { Partition } from '../../model/partition.js';
import type { Workload } from '../../model/workload.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, maybe, number, text, truth, word } from './words.js';

const ShareDocument = closed({
  podUid: Type.String(),
  container: Type.String(),
  layout: text('Layout of the usage file.'),
  reportedBytes: maybe(number("The container's own claim; missing when implausible.")),
  contextBytes: maybe(Type.Number()),
  moduleBytes: maybe(Type.Number()),
  bufferBytes: maybe(Type.Number()),
  actualBytes: maybe(number('What the driver says for the processes this container claims.')),
  priority: Type.Number(),
  blocked: Type.Boolean(),
  lastKernelUnixSeconds: maybe(Type.Number()),
  processes: Type.Array(closed({ pid: Type.Integer(), hostPid: maybe(Type.Integer()) })),
});

/** Schema of `Partition`. */
export const PartitionDocument = closed(
  {
    id: text(
      "The GPU's or MIG instance's UUID, pci-<bus id>, <gpu uuid>/<pod uid>/<container> of a share, or <GPU or instance>/<kind>/<workload> of a turn in time-slicing or a client of MPS.",
    ),
    kind: word(['whole', 'mig', 'timeslice', 'mps', 'vgpu', 'passthrough', 'share']),
    gpuUuid: maybe(Type.String()),
    gpuIndex: maybe(Type.Integer()),
    pciBusId: maybe(Type.String()),
    migUuid: maybe(text('The MIG instance that it is, or is in.')),
    profile: maybe(Type.String()),
    memoryTotalBytes: maybe(number('Capacity: limit, profile or frame buffer.')),
    memoryUsedBytes: maybe(number('Use by the driver where there is one.')),
    smLimitRatio: maybe(number('Share of the SMs, 0 to 1.')),
    utilizationRatio: maybe(number('0 to 1.')),
    allocated: maybe(truth('Whether somebody holds it; missing = cannot be known here.')),
    workloads: Type.Array(Type.String(), { description: 'Ids of the workloads on it.' }),
    share: maybe(ShareDocument),
  },
  { $id: 'Partition', description: 'A part of a physical GPU that can be given to somebody.' },
);

/** Schema of `Workload`. */
export const WorkloadDocument = closed(
  {
    id: Type.String(),
    kind: word(['pod', 'vm', 'slurm', 'unit', 'container', 'process']),
    name: text('What a person calls it.'),
    pids: Type.Array(Type.Integer()),
    podUid: maybe(Type.String()),
    namespace: maybe(Type.String()),
    pod: maybe(Type.String()),
    container: maybe(Type.String()),
    vm: maybe(Type.String()),
    unit: maybe(Type.String()),
    command: maybe(Type.String()),
    namedBy: word(['cgroup', 'hami', 'libvirt', 'cmdline', 'proc'], 'Where the name comes from.'),
  },
  { $id: 'Workload', description: 'Who holds a partition or runs on a GPU.' },
);

/** The schemas and the model say the same. */
export type PartitionAgrees = Holds<Same<Static<typeof PartitionDocument>, JsonForm<Partition>>>;
export type WorkloadAgrees = Holds<Same<Static<typeof WorkloadDocument>, JsonForm<Workload>>>;

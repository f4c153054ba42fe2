import type { Static } from 'typebox';
import Type from 'typebox';
import type { ProcessOnGpu } from '../../model/gpu-process.js';
import type { NodeProcess } from '../../model/process.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, number, text, word } from './words.js';

const name = text('At most 15 characters, chosen by the process.');
const started = maybe(number('Unix time of its start: with the pid it names a process for ever.'));

/** Schema of `NodeProcess`. */
export const ProcessIdentityDocument = closed(
  { pid: Type.Integer(), startedUnixSeconds: started, name },
  { $id: 'ProcessIdentity', description: 'Who a process is. One that may not be looked at has none.' },
);

const ratio = (of: string) => maybe(Type.Number({ minimum: 0, maximum: 1, description: `Share of the ${of}'s time.` }));

/** Schema of `ProcessOnGpu`. */
export const ProcessDocument = closed(
  {
    pid: Type.Integer(),
    name: maybe(name),
    startedUnixSeconds: started,
    gpuUuid: maybe(Type.String()),
    gpuIndex: maybe(integer('Missing for a function that NVML does not see.')),
    pciBusId: maybe(Type.String()),
    types: Type.Array(word(['compute', 'graphics', 'mps', 'vfio']), {
      description: 'Kinds of work the driver lists it for; vfio = it holds the function through VFIO.',
    }),
    gpuInstance: maybe(Type.Integer()),
    computeInstance: maybe(Type.Integer()),
    migUuid: maybe(text('MIG instance it runs in.')),
    partitions: Type.Array(Type.String(), { description: 'Ids of the partitions it uses.' }),
    usedMemoryBytes: maybe(number('Bytes of device memory; missing where the driver does not know, and for VFIO.')),
    smRatio: maybe(
      number(
        'Share of the time in which it had kernels on the GPU, 0 to 1, by the newest sample of it, 0 without one; missing where that says nothing: on a GPU in MIG mode, where MPS is at work, where the driver did not answer or said what cannot be.',
      ),
    ),
    use: maybe(
      closed(
        {
          sampledUnixSeconds: number('Unix time of the sample.'),
          smRatio: ratio('multiprocessors'),
          memoryRatio: ratio('memory controller'),
          encoderRatio: ratio('encoder'),
          decoderRatio: ratio('decoder'),
          jpegRatio: ratio('JPEG engine'),
          ofaRatio: ratio('optical flow engine'),
        },
        {
          description:
            "What it used of the GPU's engines in the driver's newest sample of it (nvmlDeviceGetProcessUtilization); missing where there is no sample: on a GPU in MIG mode, for one that was idle, and where another process of the same user may not be looked at.",
        },
      ),
    ),
    workload: maybe(
      closed(
        {
          id: Type.String(),
          kind: word(['pod', 'vm', 'slurm', 'unit', 'container', 'process']),
          name: text('What a person calls it.'),
          namedBy: word(['cgroup', 'hami', 'libvirt', 'cmdline', 'proc'], 'Where the name comes from.'),
        },
        { description: 'Who it belongs to; more in `workloads` of the node. Missing when nobody may look.' },
      ),
    ),
  },
  { $id: 'Process', description: 'A process on one GPU, or in one of its MIG instances.' },
);

export type ProcessView = Static<typeof ProcessDocument>;

/** The schemas and the model say the same. */
export type ProcessAgrees = Holds<Same<ProcessView, JsonForm<ProcessOnGpu>>>;
export type ProcessIdentityAgrees = Holds<Same<Static<typeof ProcessIdentityDocument>, JsonForm<NodeProcess>>>;

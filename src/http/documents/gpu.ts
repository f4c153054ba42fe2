import type { Static } from 'typebox';
import Type from 'typebox';
import type { Gpu, GpuEvent } from '../../model/gpu.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { ReadingsDocument } from './readings.js';
import { closed, integer, maybe, named, number, numbersByName, text, word } from './words.js';

const ProcessDocument = closed({
  pid: Type.Integer(),
  type: word(['compute', 'graphics', 'mps']),
  usedMemoryBytes: maybe(number('Bytes of device memory; missing where the driver does not know.')),
  gpuInstance: maybe(Type.Integer()),
  computeInstance: maybe(Type.Integer()),
});

const MigInstanceDocument = closed(
  {
    uuid: Type.String(),
    migIndex: Type.Integer(),
    gpuInstance: maybe(Type.Integer()),
    computeInstance: maybe(Type.Integer()),
    profile: maybe(text('Such as 3g.40gb.')),
    name: Type.String(),
    attributes: maybe(
      closed({
        multiprocessors: Type.Integer(),
        copyEngines: Type.Integer(),
        decoders: Type.Integer(),
        encoders: Type.Integer(),
        jpegEngines: Type.Integer(),
        ofaEngines: Type.Integer(),
        gpuSlices: maybe(integer('Missing on drivers that do not tell it.')),
        computeSlices: maybe(integer('Missing on drivers that do not tell it.')),
      }),
    ),
    memory: maybe(
      closed({
        totalBytes: Type.Number(),
        reservedBytes: maybe(number('Missing on drivers before r510, which count it as used.')),
        usedBytes: Type.Number(),
        freeBytes: Type.Number(),
      }),
    ),
  },
  { $id: 'MigInstance', description: 'A compute instance inside a GPU instance.' },
);

/** Schema of `Gpu`. */
export const GpuDocument = closed(
  {
    index: Type.Integer(),
    uuid: maybe(text('GPU-…; missing until the driver told it.')),
    name: maybe(Type.String()),
    serial: maybe(Type.String()),
    pciBusId: maybe(text('As in sysfs, 0000:65:00.0.')),
    vbiosVersion: maybe(Type.String()),
    boardPartNumber: maybe(Type.String()),
    inforomImageVersion: maybe(Type.String()),
    gspFirmwareVersion: maybe(Type.String()),
    condition: word(
      ['attaching', 'up', 'lost', 'failed', 'probing', 'excluded', 'stuck', 'stale'],
      'Readings are only current when this is up.',
    ),
    conditionReason: maybe(text('Why the condition is not up.')),
    lastCollectionUnixSeconds: maybe(number('Unix time of the last cycle that answered.')),
    ageSeconds: maybe(number('Seconds since that cycle.')),
    readings: named(ReadingsDocument),
    migInstances: Type.Array(named(MigInstanceDocument)),
    processes: Type.Array(ProcessDocument),
    processTotal: integer('Entries the driver has; larger than the list when it was cut off.'),
    xids: Type.Array(closed({ xid: Type.Integer(), count: Type.Integer(), source: word(['nvml', 'kmsg']) })),
    lastXid: maybe(closed({ xid: Type.Integer(), atUnixSeconds: Type.Number() })),
    eventCounts: numbersByName('Other driver events since the agent started, by type.'),
  },
  { $id: 'Gpu', description: 'One physical GPU that the driver reports.' },
);

/** Schema of `GpuEvent`. */
export const GpuEventDocument = closed(
  {
    gpuUuid: maybe(Type.String()),
    gpuIndex: maybe(Type.Integer()),
    atUnixSeconds: number('Unix time, seconds.'),
    type: Type.String(),
    data: number('XID number for type xid.'),
    gpuInstance: maybe(Type.Integer()),
    computeInstance: maybe(Type.Integer()),
  },
  { $id: 'GpuEvent', description: 'An event the driver announced.' },
);

/** Schemas the ones above refer to. */
export const GPU_PARTS = [ReadingsDocument, MigInstanceDocument] as const;

/** The schemas and the model say the same. */
export type GpuAgrees = Holds<Same<Omit<Static<typeof GpuDocument>, 'readings'>, Omit<JsonForm<Gpu>, 'readings'>>>;
export type GpuEventAgrees = Holds<Same<Static<typeof GpuEventDocument>, JsonForm<GpuEvent>>>;

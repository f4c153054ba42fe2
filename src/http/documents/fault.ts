import Type, { type Static } from 'typebox';
import type { KernelLogState, SwitchFault, XidFault } from '../../model/fault.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, number, text, truth, word } from './words.js';

/** Schema of `XidFault`. */
export const XidFaultDocument = closed(
  {
    gpuUuid: maybe(text('Missing while nobody knows which GPU stands at that address.')),
    gpuIndex: maybe(Type.Integer()),
    pciBusId: maybe(Type.String()),
    xid: integer('Number; docs/xid.md says what it means.'),
    count: integer('How often, each occurrence once whoever told it, also before the agent started.'),
    firstUnixSeconds: number('Unix time, seconds.'),
    lastUnixSeconds: number('Unix time, seconds.'),
    spell: closed(
      {
        sinceUnixSeconds: number('Unix time, seconds.'),
        count: integer('How often in this spell.'),
        bursts: integer('How often with a minute of quiet before it: the driver logs one fault many times.'),
        pids: Type.Array(Type.Integer(), { description: 'Processes the kernel log named, the last 8.' }),
        processName: maybe(text('What the last of them called itself: it can call itself anything.')),
        texts: Type.Array(Type.String(), { description: 'What the kernel log said, the last 8, the newest last.' }),
      },
      { description: 'Occurrences without an hour of quiet, a reset or a new driver between them.' },
    ),
    recovered: maybe(
      closed(
        { by: word(['driver_load', 'gpu_reset']), atUnixSeconds: number('Unix time, seconds.') },
        { description: 'There when the GPU began anew after it came last.' },
      ),
    ),
    cameAgain: truth('Whether it had come before the last such recovery too.'),
    sources: Type.Array(word(['nvml', 'kmsg'], 'NVML, or the kernel log.')),
  },
  { $id: 'XidFault', description: 'One XID on one GPU.' },
);

/** Schema of `SwitchFault`. */
export const SwitchFaultDocument = closed(
  {
    device: text('As the driver counts it: nvswitch3.'),
    sxid: integer('Number.'),
    fatal: maybe(truth("The driver's word.")),
    count: integer('How often, also before the agent started.'),
    firstUnixSeconds: number('Unix time, seconds.'),
    lastUnixSeconds: number('Unix time, seconds.'),
    text: text('What the kernel log said.'),
  },
  { $id: 'SwitchFault', description: 'One SXid of one NVSwitch.' },
);

/** Schema of `KernelLogState`. */
export const KernelLogDocument = closed(
  {
    unreadable: maybe(text('Why it is not read.')),
    lines: integer('Records read.'),
    overwritten: integer('Times at which records were overwritten before they were read.'),
  },
  { $id: 'KernelLog', description: 'How the kernel log is read.' },
);

/** The schemas and the model say the same. */
export type FaultsAgree = [
  Holds<Same<Static<typeof XidFaultDocument>, JsonForm<XidFault>>>,
  Holds<Same<Static<typeof SwitchFaultDocument>, JsonForm<SwitchFault>>>,
  Holds<Same<Static<typeof KernelLogDocument>, JsonForm<KernelLogState>>>,
];

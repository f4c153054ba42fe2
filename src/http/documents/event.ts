import type { Static } from 'typebox';
import Type from 'typebox';
import type { NodeEvent } from '../../model/event.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, number, text, word } from './words.js';

/** Schema of `NodeEvent`. */
export const EventDocument = closed(
  {
    id: text('Unique, also beyond a restart of the agent; says nothing by itself.'),
    atUnixSeconds: number('Unix time at which the agent heard of it.'),
    kind: text('xid, sxid, mig_config_change, …; type_0x… for one that has no name here.'),
    gpuUuid: maybe(Type.String()),
    gpuIndex: maybe(integer('Where the GPU stood when the event came.')),
    code: maybe(integer('Number of an XID or SXid; missing where the event has no number.')),
    gpuInstance: maybe(Type.Integer()),
    computeInstance: maybe(Type.Integer()),
    text: text('What happened, in a few plain words.'),
    source: word(['nvml', 'kmsg'], 'Who told first: NVML or the kernel log.'),
    logText: maybe(text('What the kernel log said; missing where NVML told first.')),
    pid: maybe(integer('The process the kernel log named.')),
    processName: maybe(text('What that process called itself: it can call itself anything.')),
  },
  { $id: 'Event', description: 'Something the driver announced.' },
);

export type EventView = Static<typeof EventDocument>;

/** The schema and the model say the same. */
export type EventAgrees = Holds<Same<EventView, JsonForm<NodeEvent>>>;

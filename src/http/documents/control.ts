import Type, { type Static } from 'typebox';
import type { ForgetResult, Holder, ReleaseResult, ResumeResult } from '../../model/control.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { WorkloadDocument } from './partition.js';
import { StuckCallDocument } from './sampling.js';
import { closed, integer, maybe, named, number, text, truth, word } from './words.js';

const gpuName = text('Index, UUID or PCI bus id; all GPUs when missing.');

/** Schema of what `POST /v1/release` takes. */
export const ReleaseRequest = closed({
  gpu: maybe(gpuName),
  forSeconds: maybe(
    Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000, description: 'Until resume when missing.' }),
  ),
});

/** Schema of what `POST /v1/resume` takes. */
export const ResumeRequest = closed({ gpu: maybe(gpuName) });

/** Schema of what `GET /v1/holders` takes. */
export const HoldersQuery = closed({ gpu: text('Index, UUID or PCI bus id.') });

/** Schema of `ReleaseResult`. */
export const ReleaseDocument = closed({
  gpu: text('UUID, index or all.'),
  free: truth('No device node of it is held any more.'),
  remaining: Type.Array(
    closed({
      pid: Type.Integer(),
      tid: Type.Integer(),
      path: Type.String(),
      call: maybe(named(StuckCallDocument)),
    }),
  ),
  untilUnixSeconds: maybe(number('When it is taken up again; missing = until resume.')),
  tookSeconds: Type.Number(),
});

/** Schema of `ResumeResult`. */
export const ResumeDocument = closed({
  resumed: Type.Array(Type.String()),
  stillReleased: Type.Array(Type.String()),
});

const HolderDocument = closed({
  pid: Type.Integer(),
  role: word(['sampler', 'agent', 'other'], 'sampler and agent are ours: release lets go of them.'),
  paths: Type.Array(Type.String()),
  handles: integer('Open handles over all threads.'),
  workload: maybe(named(WorkloadDocument)),
});

/** Schema of the answer to `GET /v1/holders`. */
export const HoldersDocument = closed({ holders: Type.Array(HolderDocument) });

/** Schema of what `POST /v1/forget` takes. */
export const ForgetRequest = closed({ gpu: text('UUID or PCI bus id.') });

/** Schema of `ForgetResult`. */
export const ForgetDocument = closed({
  uuid: Type.String(),
  busId: maybe(text('Where it was seen last.')),
});

export type ForgetView = Static<typeof ForgetDocument>;
export type ReleaseView = Static<typeof ReleaseDocument>;
export type ResumeView = Static<typeof ResumeDocument>;
export type HoldersView = Static<typeof HoldersDocument>;

/** The schemas and the model say the same. */
export type ReleaseAgrees = Holds<Same<ReleaseView, JsonForm<ReleaseResult>>>;
export type ResumeAgrees = Holds<Same<ResumeView, JsonForm<ResumeResult>>>;
export type ForgetAgrees = Holds<Same<ForgetView, JsonForm<ForgetResult>>>;
export type HoldersAgree = Holds<Same<HoldersView['holders'][number], JsonForm<Holder>>>;

import type { Static } from 'typebox';
import Type from 'typebox';
import { ACTIONS, type Finding, SEVERITIES, SUBJECT_KINDS } from '../../model/finding.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, number, text, word } from './words.js';

/** Schema of `Finding`. */
export const FindingDocument = closed(
  {
    code: text('Stable code, e.g. gpu_call_stuck.'),
    severity: word(SEVERITIES),
    subject: closed({ kind: word(SUBJECT_KINDS), id: Type.String() }),
    sinceUnixSeconds: number('Unix time, seconds.'),
    condition: word(
      ['present', 'clearing', 'unseen'],
      'Whether what it says holds now, holds no longer and waits to end, or cannot be told now.',
    ),
    flapping: maybe(
      integer('How often it has begun within the last quarter of an hour; there only where it comes and goes.'),
    ),
    mutedBy: maybe(text('The setting that mutes it; a muted finding counts in no verdict.')),
    reason: text('One sentence in plain words.'),
    evidence: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    action: word(ACTIONS, 'What is recommended.'),
    nextStep: text('What exactly to do next.'),
    docs: text('Where the rule is explained.'),
  },
  { $id: 'Finding', description: "Something worth a person's attention." },
);

/** The schema and the model say the same. */
export type FindingAgrees = Holds<Same<Static<typeof FindingDocument>, JsonForm<Finding>>>;

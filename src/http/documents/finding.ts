import type { Static } from 'typebox';
import Type from 'typebox';
import type { Finding } from '../../model/finding.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, number, text, word } from './words.js';

/** From the least to the worst. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** What a finding can be about. */
export const SUBJECTS = ['gpu', 'partition', 'workload', 'node', 'agent'] as const;

/** Schema of `Finding`. */
export const FindingDocument = closed(
  {
    code: text('Stable code, e.g. gpu_call_stuck.'),
    severity: word(SEVERITIES),
    subject: closed({ kind: word(SUBJECTS), id: Type.String() }),
    sinceUnixSeconds: number('Unix time, seconds.'),
    reason: text('One sentence in plain words.'),
    evidence: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    action: word([
      'none',
      'watch',
      'restart_workload',
      'fix_configuration',
      'check_hardware',
      'drain',
      'reset_gpu',
      'reboot_node',
      'power_cycle',
      'replace',
    ]),
    nextStep: text('What exactly to do next.'),
  },
  { $id: 'Finding', description: "Something worth a person's attention." },
);

/** The schema and the model say the same. */
export type FindingAgrees = Holds<Same<Static<typeof FindingDocument>, JsonForm<Finding>>>;

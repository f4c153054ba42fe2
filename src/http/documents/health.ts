import Type, { type Static } from 'typebox';
import { ACTIONS } from '../../model/finding.js';
import { HEALTH_STATUSES, type NodeHealth } from '../../model/node-health.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, named, numbersByName, text, word } from './words.js';

const verdict = {
  status: word(
    HEALTH_STATUSES,
    'healthy: nothing above info; degraded: a warning; unhealthy: something critical; unknown: nobody can tell.',
  ),
  action: word(ACTIONS, 'The gravest action that is recommended.'),
  because: Type.Array(Type.String(), {
    description: 'Codes of the findings that make it so, the worst first; for unknown also why nobody can tell.',
  }),
};

/** Schema of `Verdict`. */
export const VerdictDocument = closed(verdict, { $id: 'Verdict', description: 'What findings come to.' });

/** Schema of `NamedVerdict`. */
export const NamedVerdictDocument = closed(
  { id: text('UUID of the GPU, or its index while that is not known; id of the partition.'), ...verdict },
  { $id: 'NamedVerdict', description: 'What the findings about one thing come to.' },
);

/** Schema of `NodeHealth`. */
export const HealthDocument = closed(
  {
    node: named(VerdictDocument),
    gpus: Type.Array(named(NamedVerdictDocument), {
      description: 'Every GPU that is here, and those that should be here and are not.',
    }),
    partitions: Type.Array(named(NamedVerdictDocument)),
    raisedByCode: numbersByName('Findings raised since the agent started, by code; muted ones are not counted.'),
    changes: Type.Array(
      closed({
        gpu: Type.String(),
        from: word(HEALTH_STATUSES),
        to: word(HEALTH_STATUSES),
        count: integer('Since the agent started.'),
      }),
      { description: 'How verdicts of GPUs changed.' },
    ),
  },
  { $id: 'Health', description: 'Verdicts, and what was counted of them.' },
);

/** The schema and the model say the same. */
export type HealthAgrees = Holds<Same<Static<typeof HealthDocument>, JsonForm<NodeHealth>>>;

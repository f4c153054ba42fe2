import type { Static } from 'typebox';
import Type from 'typebox';
import type { Baseline } from '../../model/baseline.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, named, number, numbersByName, text } from './words.js';

/** Schema of `BaselineGpu`. */
export const BaselineGpuDocument = closed(
  {
    uuid: Type.String(),
    busId: maybe(text('Where it was seen last.')),
    serial: maybe(Type.String()),
    name: maybe(Type.String()),
    linkWidthLanes: maybe(integer('Widest link it was seen with.')),
    linkGenerationMax: maybe(integer('Highest generation card and slot agreed on.')),
    barSizesBytes: numbersByName('Sizes of its windows by line of the resource file, bytes.'),
    nvlinks: maybe(integer('NVLinks it had.')),
    firstSeenUnixSeconds: number('Unix time.'),
  },
  { $id: 'BaselineGpu', description: 'What a GPU was when it was well: what is missed when it is gone.' },
);

/** Schema of `Baseline`. */
export const BaselineDocument = closed(
  {
    gpus: Type.Array(named(BaselineGpuDocument)),
    notKept: maybe(text('Why it is not kept between starts.')),
  },
  { $id: 'Baseline', description: 'GPUs this node is known to have, whether or not they are there.' },
);

/** The schema and the model say the same. */
export type BaselineAgrees = Holds<Same<Static<typeof BaselineDocument>, JsonForm<Baseline>>>;

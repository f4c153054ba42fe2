import Type from 'typebox';
import { closed, integer, maybe, number, numbersByName, text } from './words.js';

/** Schema of `Baseline`. */
export const BaselineDocument = closed(
  {
    gpus: Type.Array(
      closed({
        uuid: Type.String(),
        busId: maybe(text('Where it was seen last.')),
        serial: maybe(Type.String()),
        name: maybe(Type.String()),
        linkWidthLanes: maybe(integer('Widest link it was seen with.')),
        linkGenerationMax: maybe(integer('Highest generation card and slot agreed on.')),
        barSizesBytes: numbersByName('Sizes of its windows by line of the resource file, bytes.'),
        nvlinks: maybe(integer('NVLinks it had.')),
        firstSeenUnixSeconds: number('Unix time.'),
      }),
    ),
    notKept: maybe(text('Why it is not kept between starts.')),
  },
  { $id: 'Baseline', description: 'GPUs this node is known to have, whether or not they are there.' },
);

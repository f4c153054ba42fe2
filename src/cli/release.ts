import { parseDurationSeconds } from '../config/duration.js';
import type { ReleaseView } from '../http/documents/control.js';
import { spanText } from '../model/quantity.js';
import { askControl } from './ask.js';
import { type Command, CommandError, EXIT } from './command.js';
import { callText } from './stuck-call-text.js';
import { visible } from './text.js';

/** `gpu-node-agent release` */
export const release: Command = {
  name: 'release',
  summary: 'Let go of a GPU (or all): reset, MIG change, passthrough and driver upgrade become possible',
  operands: '',
  operandCount: [0, 0],
  flags: [
    { name: 'gpu', value: 'an index, UUID or PCI bus id', description: 'The GPU; all GPUs without it.' },
    {
      name: 'for',
      value: 'a duration with its unit, such as 10m',
      description: 'Take it up again after this time; without it, only resume does.',
    },
  ],
  details: [
    'Exit code 1 when a thread asleep in the driver still holds a device: it is named, and only the driver can free it.',
  ],
  async run(invocation) {
    const gpu = invocation.flag('gpu');
    const span = invocation.flag('for');
    const forSeconds = typeof span === 'string' ? parseDurationSeconds(span) : undefined;
    if (span !== undefined && (forSeconds === undefined || forSeconds <= 0)) {
      throw new CommandError(
        EXIT.usage,
        `--for: expected a duration with its unit, such as 10m; got ${JSON.stringify(span)}.`,
      );
    }
    const result = await askControl<ReleaseView>(invocation, {
      method: 'POST',
      path: '/v1/release',
      body: { ...(gpu === undefined ? {} : { gpu }), ...(forSeconds === undefined ? {} : { forSeconds }) },
    });
    if (invocation.json) invocation.printJson(result);
    else invocation.print(...releaseLines(result, forSeconds));
    return result.free ? EXIT.ok : EXIT.problem;
  },
};

/** What was reached, in words. */
export function releaseLines(result: ReleaseView, forSeconds: number | undefined): string[] {
  const what = result.gpu === 'all' ? 'All GPUs are' : `${visible(result.gpu)} is`;
  const until = forSeconds === undefined ? 'until gpu-node-agent resume' : `for ${spanText(forSeconds)}`;
  if (result.free) return [`${what} released ${until}: no device is held (took ${result.tookSeconds.toFixed(1)} s).`];
  return [
    `${what} not free yet. Nothing new is opened ${until}, but these handles stay until the driver lets go:`,
    ...result.remaining.map(
      ({ pid, tid, path, call }) =>
        `  ${visible(path)}: process ${pid}, thread ${tid}${call === undefined ? '' : `, ${callText(call)}`}`,
    ),
  ];
}

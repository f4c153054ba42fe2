import { readFile } from 'node:fs/promises';
import { anonymised, type CaptureLine, captureText, parseCapture } from './capture-lines.js';
import { type Command, CommandError, EXIT, type Invocation } from './command.js';
import { mustBeNew, writeNewFile } from './new-file.js';
import { Pseudonyms } from './pseudonyms.js';
import { visible } from './text.js';

/** A capture waits for slow calls; --timeout changes it. */
const USUAL_MILLISECONDS = 130_000;

/** `gpu-node-agent capture` */
export const capture: Command = {
  name: 'capture',
  summary: 'Record what the driver and the files of this host answer, for tests and reports',
  operands: '<file>',
  operandCount: [1, 1],
  flags: [
    { name: 'anonymise', value: undefined, description: 'Replace UUIDs, serial numbers, host name, pids and names.' },
    {
      name: 'input',
      value: 'FILE',
      description: 'Take a capture that was made before, such as one of gpu-node-sampler --capture.',
    },
  ],
  details: [
    'Nothing is changed on the host and nothing is sent anywhere. Takes at most 130 seconds unless --timeout says else.',
    'The file is for its owner alone and never replaces another. docs/captures.md describes it.',
  ],
  async run(invocation) {
    const file = invocation.operands[0] as string;
    mustBeNew(file);
    const found = await lines(invocation);
    const pseudonyms = new Pseudonyms();
    const kept = invocation.flag('anonymise') === true ? anonymise(found.lines, pseudonyms) : found.lines;
    const text = captureText(kept);
    await writeNewFile(file, text);
    const unfinished = kept
      .filter(({ record }) => record === 'unfinished')
      .map(({ function: name, gpu, seconds }) => ({ function: name, gpu, seconds }));
    const { complete, driver } = found;
    const replaced = pseudonyms.counts();
    if (invocation.json) {
      invocation.printJson({
        file,
        bytes: Buffer.byteLength(text),
        lines: kept.length,
        complete,
        driver,
        unfinished,
        replaced,
      });
    } else {
      const names = Object.entries(replaced).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
      invocation.print(
        `${visible(file)}: ${kept.length} lines${driver ? '' : ', no driver answered'}${complete ? '' : ', not complete'}`,
        ...unfinished.map(({ function: name, gpu }) => `  ${name} of GPU ${gpu ?? '-'} did not come back`),
        ...(names.length === 0 ? [] : [`  replaced: ${names.join(', ')}`]),
      );
    }
    return complete ? EXIT.ok : EXIT.problem;
  },
};

interface Found {
  readonly lines: readonly CaptureLine[];
  readonly complete: boolean;
  readonly driver: boolean;
}

async function lines({ config, deadline, flag, err }: Invocation): Promise<Found> {
  const input = flag('input');
  if (typeof input === 'string') {
    try {
      const parsed = parseCapture(await readFile(input, 'utf8'));
      return {
        lines: parsed,
        complete: parsed.at(-1)?.complete === true,
        driver: parsed.some(({ function: name, code }) => String(name).startsWith('nvmlInit') && code === 0),
      };
    } catch (error) {
      throw new CommandError(EXIT.usage, `--input: ${visible(input)}: ${visible((error as Error).message)}`);
    }
  }
  const milliseconds = flag('timeout') === undefined ? USUAL_MILLISECONDS : deadline.remaining();
  try {
    // Loaded only when it is needed: it starts a process.
    const { recordHost } = await import('./record-host.js');
    return await recordHost(config, { milliseconds, progress: err });
  } catch (error) {
    throw new CommandError(EXIT.nobody, `nothing was recorded: ${visible((error as Error).message)}`);
  }
}

function anonymise(found: readonly CaptureLine[], pseudonyms: Pseudonyms): CaptureLine[] {
  try {
    return anonymised(found, pseudonyms);
  } catch (error) {
    throw new CommandError(EXIT.problem, `not anonymised: ${visible((error as Error).message)}`);
  }
}

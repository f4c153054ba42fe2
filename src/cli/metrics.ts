import { AskError, ask, controlDoor, doorText, webDoor } from './ask.js';
import { type Command, CommandError, EXIT } from './command.js';
import { readExposition } from './exposition.js';
import { visible } from './text.js';

/** `gpu-node-agent metrics` */
export const metrics: Command = {
  name: 'metrics',
  summary: 'The metrics of the running agent, as Prometheus gets them',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: ['Needs a running agent: counters start with it.'],
  async run({ config, columns, deadline, json, out, printJson }) {
    const web = webDoor(config);
    const doors = [
      { door: controlDoor(config), path: '/v1/metrics' },
      ...(web === undefined ? [] : [{ door: web, path: config.web.telemetryPath }]),
    ];
    const tried: string[] = [];
    for (const [index, { door, path }] of doors.entries()) {
      try {
        const milliseconds = deadline.share(doors.length - index);
        const { status, body } = await ask(door, { method: 'GET', path }, milliseconds);
        if (status !== 200) {
          tried.push(`${doorText(door)}: answered ${status}`);
          continue;
        }
        if (json) printJson({ families: readExposition(body) });
        // A file or a program gets the exact bytes; a terminal would obey the escapes that a foreign name may hold.
        else out(columns === undefined ? body : body.split('\n').map(visible).join('\n'));
        return EXIT.ok;
      } catch (error) {
        if (!(error instanceof AskError)) throw error;
        tried.push(`${doorText(door)}: ${visible(error.message)}`);
      }
    }
    throw new CommandError(EXIT.nobody, `no agent answers:\n${tried.map((line) => `  ${line}`).join('\n')}`);
  },
};

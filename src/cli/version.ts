import { AGENT_VERSION } from '../version.js';
import { type Command, EXIT } from './command.js';
import { visible } from './text.js';

/** `gpu-node-agent version` */
export const version: Command = {
  name: 'version',
  summary: 'Version of the agent; with --host also of the system, for a report',
  operands: '',
  operandCount: [0, 0],
  flags: [{ name: 'host', value: undefined, description: 'Add facts about the host. Starts short-lived processes.' }],
  details: [],
  async run({ flag, json, print, printJson, deadline }) {
    const node = process.versions.node;
    // Loaded only when asked for: it starts shells, which no other command and never the service may do.
    const host =
      flag('host') === true ? await (await import('./host-facts.js')).hostFacts(deadline.remaining()) : undefined;
    if (json) {
      printJson({ version: AGENT_VERSION, node, platform: `${process.platform}-${process.arch}`, host });
      return EXIT.ok;
    }
    print(`gpu-node-agent ${AGENT_VERSION} (Node ${node}, ${process.platform}-${process.arch})`);
    for (const [name, value] of Object.entries(host ?? {})) print(`${name.padEnd(10)} ${visible(value)}`);
    return EXIT.ok;
  },
};

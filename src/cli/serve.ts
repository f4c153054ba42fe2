import type { Command } from './command.js';

/** `gpu-node-agent serve` */
export const serve: Command = {
  name: 'serve',
  summary: 'Run the agent: read the GPUs and serve metrics, API and status page',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: [
    'Logs go to the standard error output. SIGINT or SIGTERM ends it within two seconds.',
    'Listens on a loopback address unless told otherwise, and changes nothing on request of the network.',
  ],
  // The web server is a third of the program, which no other command needs.
  run: async (context) => (await import('./serving.js')).serveNode(context),
};

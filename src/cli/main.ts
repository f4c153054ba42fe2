#!/usr/bin/env node
import { runProgram } from './program.js';
import { terminalOf } from './terminal.js';

// Whoever reads the output may leave before it is all written (`| head`): no failure of a command, and for a service
// no reason to end.
const isService = process.argv[2] === 'serve';
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!isService) process.exit(0);
  });
}

const { env, stdin, stdout } = process;
const code = await runProgram(process.argv.slice(2), {
  environment: env,
  out: (text) => void stdout.write(text),
  err: (text) => void process.stderr.write(text),
  columns: stdout.isTTY ? stdout.columns : undefined,
  // no-color.org: set and not empty means none.
  colours: stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
  terminal: stdout.isTTY && env.TERM !== 'dumb' ? terminalOf(stdin, stdout) : undefined,
  // Loaded when needed: help, version and questions to a running agent need neither addon nor collectors.
  collectOnce: async (config, milliseconds) => (await import('../agent.js')).collectOnce(config, milliseconds),
  openNode: (config) => {
    const opening = import('../agent.js').then(({ openNode }) => openNode(config));
    return {
      read: async (milliseconds) => (await opening).read(milliseconds),
      close: async () => (await opening).close(),
    };
  },
  holdersOnce: async (config, gpu, milliseconds) =>
    (await import('../agent.js')).holdersOnce(config, gpu, milliseconds),
  startService: async (config, log, options) => (await import('../agent.js')).startService(config, log, options),
});

// What is written is written first; then the process ends, even if something native still waits for a driver.
process.exitCode = code;
stdout.write('', () => process.stderr.write('', () => process.exit(code)));

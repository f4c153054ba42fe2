/** A program of a check that runs until it is told to end, and all it has said. */
import { spawn } from 'node:child_process';

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
export function running(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    log: () => log,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    /** At once, when it did not get where it should. */
    kill: () => child.kill('SIGKILL'),
    /** Asks it to end, and waits until it has. */
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

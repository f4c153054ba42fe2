/** Running the agent in the foreground as if it had been started by hand. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './layout.mjs';

/** A second signal of the same kind within this time is the same Ctrl-C, arriving by another way. */
const sameKeyMilliseconds = 500;

/**
 * Runs a program with this terminal and hands signals on, each once. Ctrl-C reaches a script under npm twice: from
 * the terminal and from npm. The program would take the second for impatience, so it runs in a session of its own
 * and hears only what is handed on.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} the program's exit status, 128 + signal number when a signal ended it
 */
export function runInForeground(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    child.on('error', reject);
    /** @type {Map<NodeJS.Signals, number>} */
    const lastSentMilliseconds = new Map();
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => {
        const now = performance.now();
        if (now - (lastSentMilliseconds.get(signal) ?? -Infinity) < sameKeyMilliseconds) return;
        lastSentMilliseconds.set(signal, now);
        // The terminal went away: for the agent that is an end, not a request to read its files again.
        child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
      });
    }
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

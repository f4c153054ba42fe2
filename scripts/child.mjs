/** Running other programs to their end. A failure carries what was run and what it said. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './layout.mjs';

/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd] working directory, default the repository's root
 * @property {NodeJS.ProcessEnv} [env] whole environment, default this process's
 * @property {boolean} [show] pass output through as it comes, default false: it is kept
 * @property {number} [timeoutSeconds] the child's process group is killed after that long, default never
 */

/**
 * @typedef {object} ChildResult
 * @property {number} code exit status; 128 + signal number when a signal ended it
 * @property {string} output stdout and stderr as they came, "" when shown
 * @property {string} stdout stdout alone, "" when shown
 * @property {boolean} timedOut whether the time limit ended it
 */

/**
 * Runs a program and waits for it. A program that cannot be started gives code 127 and says why in `output`.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<ChildResult>}
 */
export function runChild(command, args, options = {}) {
  const { cwd = root, env = process.env, show = false, timeoutSeconds } = options;
  return new Promise((resolve) => {
    // With a time limit the child leads a group of its own, so that the limit ends its children too.
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      detached: timeoutSeconds !== undefined,
    });
    let output = '';
    let stdout = '';
    let timedOut = false;
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const limit =
      timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          }, timeoutSeconds * 1000);
    child.on('error', (error) => {
      clearTimeout(limit);
      resolve({ code: 127, output: `${command}: ${error.message}\n`, stdout: '', timedOut });
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const fromSignal = 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ code: code ?? fromSignal, output, stdout, timedOut });
    });
  });
}

/**
 * Runs a program that must succeed.
 * @param {string} what what is being done, for the message
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<ChildResult>}
 */
export async function mustRun(what, command, args, options = {}) {
  const result = await runChild(command, args, options);
  if (result.code === 0) return result;
  const how = result.timedOut ? `took longer than ${options.timeoutSeconds} s` : `exit status ${result.code}`;
  throw new Failure(`${what} failed (${how}): ${[command, ...args].join(' ')}`, result.output);
}

/** A step that failed: one line for the reader, and the output of the program behind it. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {string} [output]
   */
  constructor(message, output = '') {
    super(message);
    this.name = 'Failure';
    /** What the program said, "" when nothing or already shown. */
    this.output = output;
  }
}

/**
 * Runs the main function of a script: a {@link Failure} is told without a stack, everything else is a defect here.
 * @param {() => Promise<number | undefined>} main returns the exit status, nothing for 0
 */
export function runScript(main) {
  main().then(
    (code) => {
      process.exitCode = code ?? 0;
    },
    (error) => {
      if (error instanceof Failure) {
        if (error.output) process.stderr.write(`${error.output.trimEnd()}\n`);
        process.stderr.write(`${error.message}\n`);
      } else {
        console.error(error);
      }
      process.exitCode = 1;
    },
  );
}

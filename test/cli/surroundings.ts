import type { ExitCode, Surroundings } from '../../src/cli/command.js';
import { runProgram } from '../../src/cli/program.js';
import type { NodeState } from '../../src/model/node-state.js';

/** What a command wrote and how it ended. */
export interface Outcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. No agent answers unless one listens where the flags say. */
export async function runCommand(
  argv: readonly string[],
  { state, ...changes }: Partial<Surroundings> & { readonly state?: NodeState } = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await runProgram(argv, {
    environment: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colours: false,
    collectOnce: async () => {
      if (state === undefined) throw new Error('no driver here');
      return state;
    },
    openNode: () => ({
      read: async () => {
        if (state === undefined) throw new Error('no driver here');
        return state;
      },
      close: async () => {},
    }),
    holdersOnce: () => Promise.reject(new Error('no driver here')),
    startService: () => Promise.reject(new Error('this command starts no service')),
    ...changes,
  });
  return { code, out, err };
}

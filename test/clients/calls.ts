import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One call of a client's getter, as every_getter.py and go-nvml/main.go tell it. */
export interface Call {
  readonly function: string;
  readonly arguments: readonly string[];
  /** What the driver's library answered in place of a value. */
  readonly code?: number;
  readonly value?: unknown;
  /** An error that is none of NVML's: a defect of the client, or of the program around it. */
  readonly raised?: string;
}

export interface Run {
  readonly calls: readonly Call[];
  /** Functions and parameters that the program has no arguments for. */
  readonly unknown: readonly string[];
  /** How many of each kind of handle the client found. */
  readonly subjects: Readonly<Record<string, number>>;
  /** The client's own version, where it tells one. */
  readonly version: string | undefined;
}

/**
 * Runs a program that calls getters, with a node's library where the dynamic linker finds it.
 * @throws Error that names the call under way, when the program does not come to its end
 */
export function callEveryGetter(
  command: string,
  args: readonly string[],
  node: { readonly libraryPath: string },
): Promise<Run> {
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: join(node.libraryPath, '..'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, maxBuffer: 256 * 1024 * 1024, timeout: 120_000 }, (error, stdout, stderr) => {
      try {
        resolve(readRun(stdout));
      } catch (unfinished) {
        const how = error === null ? 'exit status 0' : `${error.signal ?? `exit status ${error.code}`}`;
        reject(new Error(`${(unfinished as Error).message} (${how})\n${stderr.slice(-2000)}`));
      }
    });
  });
}

function readRun(output: string): Run {
  const calls: Call[] = [];
  const unknown: string[] = [];
  let subjects: Record<string, number> = {};
  let version: string | undefined;
  let ended = false;
  for (const line of output.split('\n').filter((text) => text !== '')) {
    let entry: Call & { unknown?: string; end?: true; subjects?: Record<string, number>; version?: string };
    try {
      entry = JSON.parse(line);
    } catch {
      throw new Error(`the client ended inside the call ${line.slice(0, 300)}`);
    }
    if (entry.unknown !== undefined) unknown.push(entry.unknown);
    else if (entry.subjects !== undefined)
      ({ subjects, version } = { version: undefined, ...entry, subjects: entry.subjects });
    else if (entry.end === true) ended = true;
    else calls.push(entry);
  }
  if (!ended) throw new Error('the client ended before its last call');
  return { calls, unknown, subjects, version };
}

/** What the public interface may answer in place of a value, by number: 999 is "unknown error", and no answer. */
const DECLARED_CODES = new Set(Array.from({ length: 30 }, (_, index) => index + 1));

/**
 * What is wrong with an answer whatever was asked: no code of the interface, or a code that says caller and library
 * do not mean the same structure, or the same number of steps.
 * @param isExpected of calls whose code is right all the same
 */
export function defects(run: Run, isExpected: (call: Call) => boolean = () => false): string[] {
  const suspicious = new Set([
    1, // uninitialised
    7, // insufficient size: what asks in two steps got no room in the second
    25, // another version of the structure
  ]);
  return run.calls
    .filter((call) => !isExpected(call))
    .flatMap((call) => {
      const asked = `${call.function}(${call.arguments.join(', ')})`;
      if (call.raised !== undefined) return [`${asked} raised ${call.raised}`];
      if (call.code === undefined) return call.value === undefined ? [`${asked} told nothing`] : [];
      if (!DECLARED_CODES.has(call.code)) return [`${asked} answered ${call.code}, which is no code of the interface`];
      return suspicious.has(call.code) ? [`${asked} answered ${call.code}`] : [];
    });
}

/** Functions that a branch's library exports and nobody wrote: they answer "not supported". */
export function unsimulated(branch: string): Set<string> {
  const source = readFileSync(join(import.meta.dirname, `../../out/simulator/${branch}/unsimulated.cpp`), 'utf8');
  return new Set([...source.matchAll(/^NOT_SIMULATED\((\w+)\)/gm)].map(([, name]) => name ?? ''));
}

/** Functions that a branch's library exports. */
export function exported(branch: string): string[] {
  const names = readFileSync(join(import.meta.dirname, `../../out/simulator/${branch}/names.txt`), 'utf8');
  return names.split('\n').filter((name) => name !== '');
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What stands beside a scenario, as far as clients say it. See simulator/scenarios/README.md. */
export interface ExpectedGpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly serial?: string;
  readonly pciAddress: string;
  readonly vbiosVersion: string;
  readonly loadMoves: boolean;
  readonly readings: Readonly<Record<string, number>>;
  readonly activity?: Readonly<Record<string, number>>;
  readonly processes: readonly {
    readonly pid: number;
    readonly type: string;
    readonly usedMemoryBytes?: number;
  }[];
  readonly fans?: readonly Readonly<Record<string, number>>[];
  readonly migInstances?: readonly {
    readonly migIndex: number;
    readonly name: string;
    readonly gpuInstance: number;
    readonly computeInstance: number;
    readonly memoryTotalBytes: number;
    readonly memoryUsedBytes: number;
    readonly multiprocessors: number;
  }[];
}

export interface Expectation {
  readonly seed: number;
  readonly branch: string;
  readonly gpus: readonly ExpectedGpu[];
}

const folder = join(import.meta.dirname, '../../simulator/scenarios');

/** Whether three scenarios stand for all: MIG and NVLink, fans and sessions, the newest driver on a rack. */
export const isShort = process.env.CLIENT_SCENARIOS === 'short';

export const scenarios: readonly string[] = readdirSync(folder)
  .flatMap((file) => /^(.*)\.expected\.json$/.exec(file)?.[1] ?? [])
  .filter((name) => !isShort || ['dgx-a100-mig', 'gb200', 'rtx-desk'].includes(name));

/** Branches beside the one that the expectations are of. */
export const branches: readonly string[] = isShort ? ['535'] : ['535', '550', '590'];

/** Branch of a node where the expectation names none. */
const USUAL_BRANCH = '580';

export function expectationOf(scenario: string): Expectation {
  const read = JSON.parse(readFileSync(join(folder, `${scenario}.expected.json`), 'utf8')) as Expectation;
  return { ...read, branch: read.branch ?? USUAL_BRANCH };
}

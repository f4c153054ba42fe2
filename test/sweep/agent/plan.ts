/** What there is to try, told by the sweep's program: it reads each GPU of each node by the core's own reader. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CALLS } from '../../../src/native/calls.generated.js';
import { createSweptNode, SCENARIOS } from './nodes.js';

const PROGRAM = fileURLToPath(new URL('../../../out/sweep/sweep', import.meta.url));

/** A return code, and what it means for the call that answers it (test/sweep/disturbance.h). */
export interface Answer {
  readonly code: number;
  readonly asksOlder: boolean;
  readonly isUnsupported: boolean;
  readonly isPassing: boolean;
  readonly takesGpu: boolean;
  readonly asksDriver: boolean;
}

/** A call that the reader of a GPU makes. */
export interface GpuCall {
  readonly function: string;
  /** Functions the driver must lack, or nobody makes it. */
  readonly without: readonly string[];
  /** GPUs that make it, by scenario. */
  readonly gpus: Readonly<Record<string, readonly number[]>>;
  /** Kinds of paths (gpu-view.ts) that may be others without it. */
  readonly touched: readonly string[];
  /** Those that are absent with every code that is no reason to ask an older function. */
  readonly lost: readonly string[];
}

export interface Plan {
  readonly answers: readonly Answer[];
  /** Functions of the table that the driver has. */
  readonly exported: readonly string[];
  readonly calls: readonly GpuCall[];
}

/** Makes the plan of a driver branch. */
export function planOf(branch: string): Plan {
  const folder = mkdtempSync(join(tmpdir(), 'gna-plan-'));
  try {
    const nodes = SCENARIOS.map((name) => createSweptNode(join(folder, name), name, branch).directory);
    const options = { encoding: 'utf8', maxBuffer: 64 << 20, timeout: 300_000 } as const;
    return JSON.parse(execFileSync(PROGRAM, ['--plan', ...nodes], options)) as Plan;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Functions of the table that are the driver's: the others are ours, which sleep as deep. */
export const DRIVER_FUNCTIONS: readonly string[] = CALLS.map(({ symbol }) => symbol).filter((symbol) =>
  symbol.startsWith('nvml'),
);

/** Functions whose turn does not come here. */
const TRIED_ELSEWHERE: readonly string[] = [
  // Only for a GPU that was lost and found while the driver gave up another one: test/supervisor/re-enumeration.test.ts.
  'nvmlDeviceGetHandleByPciBusId_v2',
  // Of two GPUs, with --collector.topology: test/supervisor/topology.test.ts.
  'nvmlDeviceGetTopologyCommonAncestor',
  'nvmlDeviceGetP2PStatus',
  // Only in libraries that are not simulated.
  'nvmlDeviceGetBBXTimeData_v1',
];

/** Functions of the driver that no reader of a GPU calls, but the sampler's own threads. */
export function callsOfThreads({ exported, calls }: Plan): readonly string[] {
  const ofGpus = new Set(calls.map((call) => call.function));
  return DRIVER_FUNCTIONS.filter(
    (symbol) => exported.includes(symbol) && !ofGpus.has(symbol) && !TRIED_ELSEWHERE.includes(symbol),
  );
}

/** The scenario on which most GPUs make the call. */
export function scenarioOf({ gpus }: GpuCall): string {
  const count = (name: string) => gpus[name]?.length ?? 0;
  return SCENARIOS.reduce<string>((best, name) => (count(name) > count(best) ? name : best), SCENARIOS[0]);
}

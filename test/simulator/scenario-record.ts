import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostRecord } from '../../simulator/host/host-plan.mjs';
import { compileScenario } from '../../simulator/state/compile.mjs';
import { createJournal, readJournal } from '../../simulator/state/journal.mjs';
import { replay } from '../../simulator/state/replay.mjs';
import { loadScenario } from '../../simulator/state/scenario.mjs';
import { visibleGpus } from '../../simulator/state/visible-gpus.mjs';

/** The host of a scenario as `create` records it, without a library and without its trees. */
export function recordOf(scenarioName: string, seed: number): HostRecord {
  const scenario = loadScenario(scenarioName);
  const directory = mkdtempSync(join(tmpdir(), 'scenario-record-'));
  try {
    const path = join(directory, 'state');
    const time = { shownMonotonicNanoseconds: 0n, realMonotonicNanoseconds: 0n };
    createJournal(path, { seed, time, ...compileScenario(scenario, { seed, branch: '580' }) });
    return { host: scenario.host, driverVersion: '580.65.06', gpus: visibleGpus(replay(readJournal(path))) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellReport } from './cell-report.js';
import { branch, isWhole } from './form.js';
import { HangSweep } from './hang-sweep.js';
import { EQUAL_GPUS, SCENARIOS } from './nodes.js';
import { callsOfThreads, planOf, scenarioOf } from './plan.js';
import { StoppedAgent } from './stopped-agent.js';

/**
 * Every call of the table does not come back: for one GPU, or for whoever makes it where it is told no GPU. It is named
 * by function and GPU, and whom it does not concern is read on. How deep it sleeps, at which moments, and what is done
 * about it is for `npm run test:hang`.
 */

/** The short form takes every so many-th call. */
const SHORT_SHARE = 24;

const plan = planOf(branch);
const report = new CellReport('hangs');
const some = <T>(all: readonly T[]) => all.filter((_, at) => isWhole || at % SHORT_SHARE === SHORT_SHARE / 2);

const ofGpus = some(plan.calls).map((call) => {
  const scenario = scenarioOf(call);
  return { name: call.function, without: call.without, scenario, victim: call.gpus[scenario]?.[0] ?? 0 };
});
const ofThreads = some(callsOfThreads(plan)).map((name) => ({
  name,
  without: [],
  scenario: EQUAL_GPUS,
  victim: 'all' as const,
}));
const cells = [...ofGpus, ...ofThreads];

describe.each(SCENARIOS.filter((name) => cells.some(({ scenario }) => scenario === name)))(
  'a call that does not come back, on %s',
  (scenario) => {
    let sweep: HangSweep;
    beforeAll(async () => {
      sweep = await HangSweep.of(() => StoppedAgent.start(scenario, branch));
    });
    afterAll(() => sweep.dispose());

    for (const { name, without, victim } of cells.filter((cell) => cell.scenario === scenario)) {
      test(`${name} is named, and the others are read on`, async () => {
        report.expect(1);
        const problems = await sweep.tryCall(name, without, victim).catch((error) => [String(error)]);
        report.tell(`${name} does not come back, ${scenario}${victim === 'all' ? '' : ` GPU ${victim}`}`, problems);
        expect(problems).toEqual([]);
      });
    }
  },
);

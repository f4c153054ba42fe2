import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellReport } from './cell-report.js';
import { Counts } from './counts.js';
import { branch } from './form.js';
import { GpuSweep, type Problems } from './gpu-sweep.js';
import { SCENARIOS } from './nodes.js';
import { planOf, scenarioOf } from './plan.js';
import { isAsked, StoppedAgent } from './stopped-agent.js';

/**
 * The agent that runs, on a driver of which one function answers a code for one GPU: it loses what the call is made
 * for, or itself where the code says so; the others lose nothing, and call statistics tell function and code.
 */

const plan = planOf(branch);
const report = new CellReport('answers');

for (const scenario of SCENARIOS) {
  const calls = plan.calls.filter((call) => scenarioOf(call) === scenario);
  if (calls.length === 0) continue;
  describe(`each on one GPU of ${scenario}`, () => {
    let agent: StoppedAgent;
    let problems: Problems;
    // Many calls at a time, each on another GPU: what came of one is known only when all were tried.
    beforeAll(async () => {
      agent = await StoppedAgent.start(scenario, branch);
      await agent.until('every GPU is read', isAsked);
      problems = await new GpuSweep(agent, plan, scenario, report).run(calls);
    });
    afterAll(() => agent.dispose());

    for (const { function: name, without } of calls) {
      const older = without.length > 0 ? `, on a driver without ${without.join(' and ')}` : '';
      test(`${name} costs what it is made for${older}`, () => expect(problems.get(name)).toEqual([]));
    }

    test('metrics tell the same counts', async () => {
      const lines = new Counts(agent.state()).lines();
      expect(lines.length).toBeGreaterThan(calls.length);
      const told = new Set((await agent.metrics()).split('\n'));
      expect(lines.filter((line) => !told.has(line))).toEqual([]);
    });
  });
}

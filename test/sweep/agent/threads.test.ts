import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellReport } from './cell-report.js';
import { branch, isWhole } from './form.js';
import { EQUAL_GPUS } from './nodes.js';
import { callsOfThreads, planOf } from './plan.js';
import { allFresh, StoppedAgent } from './stopped-agent.js';
import { ThreadSweep } from './thread-sweep.js';

/**
 * Calls of no GPU, and those for events, answer a code to the agent that runs: the node loses what they are made for,
 * its GPUs are read on unless the code says that there is no driver, and statistics tell it.
 */

/** Of the short form: in turn. */
const SHORT_CODES = [999, 3, 9];

/** Each has a share of the functions: a sweep mostly waits for its agent. */
const AGENTS = 3;

const plan = planOf(branch);
const names = callsOfThreads(plan);
const report = new CellReport('threads');

describe('a code from a call of no GPU', () => {
  const agents: StoppedAgent[] = [];
  const problems = new Map<string, readonly string[]>();

  const sweepShare = async (share: number) => {
    const agent = await StoppedAgent.start(EQUAL_GPUS, branch);
    agents.push(agent);
    await agent.until('every GPU is read', allFresh);
    const sweep = new ThreadSweep(agent, report);
    for (const [at, name] of names.entries()) {
      if (at % AGENTS !== share) continue;
      const short = SHORT_CODES[at % SHORT_CODES.length];
      const answers = plan.answers.filter(({ code }) => isWhole || code === short);
      problems.set(name, await sweep.tryFunction(name, answers));
    }
  };

  beforeAll(() => Promise.all(Array.from({ length: AGENTS }, (_, share) => sweepShare(share))));
  afterAll(() => Promise.all(agents.map((agent) => agent.dispose())));

  test.each(names)('%s costs what it is made for', (name) => expect(problems.get(name)).toEqual([]));
});

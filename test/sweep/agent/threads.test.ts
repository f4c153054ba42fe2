import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulatorBranches } from '../../../scripts/layout.mjs';
import { EQUAL_GPUS } from './nodes.js';
import { callsOfThreads, planOf } from './plan.js';
import { allFresh, StoppedAgent } from './stopped-agent.js';
import { ThreadSweep } from './thread-sweep.js';

/**
 * Calls of no GPU, and those for events, answer a code to the agent that runs: the node loses what they are made for,
 * its GPUs are read on unless the code says that there is no driver, and statistics tell it.
 */

const whole = process.env.SWEEP === 'all';
/** Of the short form: in turn. */
const SHORT_CODES = [999, 3, 9];

const branch = simulatorBranches.at(-1) as string;
const plan = planOf(branch);
const names = callsOfThreads(plan);

describe('a code from a call of no GPU', () => {
  let agent: StoppedAgent;
  let sweep: ThreadSweep;
  beforeAll(async () => {
    agent = await StoppedAgent.start(EQUAL_GPUS, branch);
    sweep = new ThreadSweep(agent);
    await agent.until('every GPU is read', allFresh);
  });
  afterAll(() => agent.dispose());

  for (const [at, name] of names.entries()) {
    test(`${name} costs what it is made for`, async () => {
      const short = SHORT_CODES[at % SHORT_CODES.length];
      expect(
        await sweep.tryFunction(
          name,
          plan.answers.filter(({ code }) => whole || code === short),
        ),
      ).toEqual([]);
    });
  }
});

import { afterEach, expect, it } from 'vitest';
import type { NodeState } from '../../src/model/node-state.js';
import { allUp, LiveAgent } from './live-agent.js';

const SCRAPES = 1500;
const IDLE_SECONDS = 2;

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

/** Calls of the driver that came back since the agent started. */
const callsOf = ({ calls }: NodeState) =>
  calls
    .filter((call) => call.function.startsWith('nvml'))
    .reduce((sum, { results }) => sum + Object.values(results).reduce((a, b) => a + b, 0), 0);

it('scrapes of a node in MIG mode ask the driver nothing: only the cycles of the sampler do', {
  timeout: 120_000,
}, async () => {
  agent = new LiveAgent('dgx-a100-mig');
  await agent.start();
  const one = agent;
  await one.until('all GPUs', allUp);
  const during = async (work: () => Promise<void>) => {
    const before = callsOf(one.state());
    const started = performance.now();
    await work();
    return { calls: callsOf(one.state()) - before, seconds: (performance.now() - started) / 1000 };
  };
  const idle = await during(() => new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000)));
  const scraped = await during(async () => {
    for (let scrape = 0; scrape < SCRAPES; scrape++) await one.running.metrics.render('text');
  });
  expect(idle.calls).toBeGreaterThan(0);
  // One call in four scrapes would show: the cycles account for the rest, however long the scrapes took.
  const ofCycles = (idle.calls / idle.seconds) * (scraped.seconds + 2);
  expect(scraped.calls).toBeLessThan(ofCycles + SCRAPES / 4);
});

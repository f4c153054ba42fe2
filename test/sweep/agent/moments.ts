/** Ways to have a call made again by an agent that runs. */
import type { StoppedAgent } from './stopped-agent.js';

/** `hour`: an hour passes. `new init`: the driver is shut down and initialised. */
export type Moment = 'hour' | 'new init';

export const UNINITIALIZED = 1;
export const FUNCTION_NOT_FOUND = 13;
const COUNTS = ['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'];

/** Lets `disturb` begin and brings the moment about. Returns when all is under way. */
export async function bringAbout(moment: Moment, agent: StoppedAgent, disturb: () => void): Promise<void> {
  if (moment === 'new init') return initialiseAnew(agent, disturb);
  disturb();
  agent.step();
}

/** The count says "uninitialized": the driver is shut down, and initialised once the count answers. */
async function initialiseAnew(agent: StoppedAgent, disturb: () => void): Promise<void> {
  const faults = COUNTS.map((name) => agent.node.fault({ function: name, code: UNINITIALIZED }));
  disturb();
  agent.step();
  await agent.until('the driver is shut down', ({ driver }) => !['initialized', 'starting'].includes(driver.state));
  for (const fault of faults) agent.node.clear(fault);
  agent.step();
}

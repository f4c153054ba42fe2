import type { NodeState } from '../model/node-state.js';

/**
 * Whether the first attempt to read is over, however it ended: a node without a driver is ready, and so is one whose
 * driver has been found to hang. Waiting for success would keep an agent that does its work out of service.
 */
export function isReady({ driver, sampling }: NodeState): boolean {
  if (sampling.state === 'unavailable' || sampling.state === 'released') return true;
  if (driver.state !== 'starting') return true;
  return driver.initAttempts > 0 || sampling.stuckCalls.some(({ verdict }) => verdict === 'stuck');
}

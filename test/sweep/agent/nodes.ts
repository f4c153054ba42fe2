/** The simulated nodes on which a running agent is swept: together they make every call of the table. */
import { createNode, type SimulatedNode } from '../../../simulator/node.mjs';
import { loadScenario } from '../../../simulator/state/scenario.mjs';

/** Most GPUs first: of nodes that make a call on as many GPUs, the first is taken. */
export const SCENARIOS = ['hgx-h100', 'dgx-a100-mig', 'gb200', 'rtx-desk'] as const;

/** Scenario with eight equal GPUs; it is swept with what no GPU has. */
export const EQUAL_GPUS = 'hgx-h100';

/** What moves by itself cannot be compared. */
const STEADY = [{ steps: [{ seconds: 1, percent: 60 }] }];

/**
 * Makes a node whose clock stands still and whose calls take no time. The driver of equal GPUs knows confidential
 * computing, which is of the node and costs no reading of theirs.
 */
export function createSweptNode(directory: string, name: string, branch: string): SimulatedNode {
  const plain = loadScenario(name);
  const confidential = name === EQUAL_GPUS ? loadScenario('h100-confidential').node : undefined;
  const groups = plain.groups.map((group) => (group.load === undefined ? group : { ...group, load: STEADY }));
  const scenario = { ...plain, groups, node: { ...plain.node, ...confidential } };
  return createNode(directory, { scenario, seed: 7, branch, frozenClock: true, callLatency: { '*': 0 } });
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { frozenFilesystemObstacle } from '../../simulator/host/frozen-filesystem.mjs';
import type { NodeState, StuckCall } from '../../src/model/node-state.js';
import { AgentProcess, freePort } from './agent-process.js';
import { ALL_CELLS, type Cell, nameOf, SHORT_CELLS } from './cells.js';
import { SimulatedNode } from './simulated-node.js';

const cells = process.env.HANG_CELLS === 'all' ? ALL_CELLS : SHORT_CELLS;
const obstacle = frozenFilesystemObstacle();
if (obstacle !== undefined) console.log(`cells in D state are skipped: ${obstacle}`);

/** The GPU whose driver hangs in cells of one GPU. */
const HUNG = 3;

/** Deadlines are shortened so that a cell takes seconds; the limits asserted are wide, the bench gives the figures. */
const SHORT_DEADLINES = [
  '--sampler.interval=500ms',
  '--sampler.deadline-attach=4s',
  '--sampler.deadline-fast=2s',
  '--sampler.deadline-slow=3s',
];
const NAMED_WITHIN_SECONDS = 10;
const STUCK_WITHIN_SECONDS = 15;
const READY_WITHIN_SECONDS = 20;

let node: SimulatedNode;
let agents: AgentProcess[];

beforeEach(() => {
  node = new SimulatedNode('hgx-h100');
  agents = [];
});

afterEach(async () => {
  node.heal();
  for (const agent of agents) {
    await agent.stop(5);
    agent.kill();
  }
  node.dispose();
});

async function start(port: number): Promise<AgentProcess> {
  const agent = new AgentProcess([...node.flags(), ...SHORT_DEADLINES], port);
  agents.push(agent);
  return agent;
}

const allUp = (state: NodeState) => state.gpus.length === 8 && state.gpus.every((gpu) => gpu.condition === 'up');

const callsOf = (state: NodeState, cell: Cell): readonly StuckCall[] =>
  state.sampling.stuckCalls.filter(
    (call) => call.function === cell.function && (cell.reach === 'driver' || call.gpuIndex === HUNG),
  );

/**
 * A killable hang ends with its sampler, which is asked to leave as soon as a successor is fresh. From then on the GPU
 * is left out for a while, and still says because of which function.
 */
const leftOut = (state: NodeState, cell: Cell): boolean =>
  cell.reach === 'gpu' &&
  state.gpus[HUNG]?.condition === 'stuck' &&
  (state.gpus[HUNG].conditionReason ?? '').includes(cell.function);

/** Brings the agent to the moment at which the hang begins, and begins it. */
async function beginHang(cell: Cell, port: number): Promise<AgentProcess> {
  if (cell.moment === 'start') {
    node.hang(cell, HUNG);
    return start(port);
  }
  const agent = await start(port);
  await agent.until('all GPUs up', READY_WITHIN_SECONDS, allUp);
  if (cell.moment !== 're-init') {
    node.hang(cell, HUNG);
    return agent;
  }
  // "Uninitialised" from a reading, confirmed by the count, makes the sampler shut down and init again. The hang is
  // there before that, and the answers are gone before the count of the new init.
  node.hang(cell, HUNG);
  const answers = [node.answer('nvmlDeviceGetPowerUsage', 1), node.answer('nvmlDeviceGetCount_v2', 1)];
  await agent.until(
    'a new init, or the hang on the way to it',
    10,
    (state) => state.driver.initAttempts > 1 || state.driver.state !== 'initialized' || callsOf(state, cell).length > 0,
  );
  for (const answer of answers) node.end(answer);
  return agent;
}

async function metricsAnswer(agent: AgentProcess): Promise<void> {
  const response = await agent.get('/metrics');
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('gpu_agent_build_info');
}

/** Once it is to end it ends, and the next one binds the same port although a sampler still sleeps. */
async function endAndStartAnew(agent: AgentProcess, port: number): Promise<void> {
  expect(await agent.stop(10), agent.log.slice(-2000)).toBe(0);
  const next = await start(port);
  const limit = Date.now() + 10_000;
  let healthy = false;
  while (!healthy && Date.now() < limit) {
    healthy = await next.get('/healthz').then(
      (response) => response.ok,
      () => false,
    );
  }
  expect(healthy, next.log).toBe(true);
}

describe('cannot hang', () => {
  for (const cell of cells) {
    test.skipIf(cell.sleep === 'd-state' && obstacle !== undefined)(nameOf(cell), async () => {
      const port = await freePort();
      const agent = await beginHang(cell, port);
      if (cell.moment === 'exit') {
        // The call is on its way into the hang, or in it: the agent must not care.
        await new Promise((resolve) => setTimeout(resolve, 700));
        await endAndStartAnew(agent, port);
        return;
      }

      const named = await agent.until(
        `${cell.function} named`,
        NAMED_WITHIN_SECONDS + (cell.moment === 'start' ? 5 : 0),
        (state) => callsOf(state, cell).length > 0 || leftOut(state, cell),
      );
      for (const call of callsOf(named, cell)) expect(call.tid).toBeGreaterThan(0);
      await metricsAnswer(agent);

      const stuck = await agent.until(
        `${cell.function} stuck`,
        STUCK_WITHIN_SECONDS,
        (state) => callsOf(state, cell).some((one) => one.verdict === 'stuck') || leftOut(state, cell),
      );
      const stuckCall = callsOf(stuck, cell).find((one) => one.verdict === 'stuck');
      // Only a killable hang may be over already.
      if (cell.sleep === 'd-state') expect(stuckCall).toBeDefined();
      if (stuckCall) expect(stuckCall.threadState).toBe(cell.sleep === 'd-state' ? 'D' : 'S');
      await metricsAnswer(agent);

      if (cell.reach === 'gpu') {
        const others = (state: NodeState) => state.gpus.filter((gpu) => gpu.index !== HUNG);
        await agent.until(
          'the other GPUs fresh',
          10,
          (state) =>
            others(state).length === 7 &&
            others(state).every((gpu) => gpu.condition === 'up' && (gpu.ageSeconds ?? 99) <= 2),
        );
        const state = (await agent.node()) as NodeState;
        expect(state.findings.some((finding) => finding.code === 'gpu_call_stuck')).toBe(true);
      }
      await endAndStartAnew(agent, port);
    });
  }
});

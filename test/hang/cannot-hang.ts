import { expect, test, vi } from 'vitest';
import { frozenFilesystemObstacle } from '../../simulator/host/frozen-filesystem.mjs';
import { silentFolderObstacle } from '../../simulator/host/silent-folder.mjs';
import type { NodeState, StuckCall } from '../../src/model/node-state.js';
import { AgentProcess, freePort } from './agent-process.js';
import { ALL_CELLS, type Cell, nameOf, type Part, SHORT_CELLS } from './cells.js';
import { beginHang, HUNG, type Stage } from './moments.js';
import { HangingNode } from './simulated-node.js';
import { isOver, threadsOf } from './threads.js';

const cells = process.env.HANG_CELLS === 'all' ? ALL_CELLS : SHORT_CELLS;
const obstacles = {
  'd-state': frozenFilesystemObstacle(),
  killable: undefined,
  'list of GPUs': silentFolderObstacle(),
};
for (const [what, obstacle] of Object.entries(obstacles)) {
  if (obstacle !== undefined) console.log(`cells of ${what} are skipped: ${obstacle}`);
}
const obstacleTo = ({ subject, sleep }: Cell) =>
  subject === 'list of GPUs' ? obstacles['list of GPUs'] : obstacles[sleep];

/** Deadlines are shortened so that a cell takes seconds; what is asserted are states, and the bench gives the figures. */
const CYCLE_SECONDS = 0.5;
const DEADLINE_SECONDS = { attach: 5, fast: 4, slow: 4 };
const SETTINGS = [
  `--sampler.interval=${CYCLE_SECONDS * 1000}ms`,
  ...Object.entries(DEADLINE_SECONDS).map(([name, seconds]) => `--sampler.deadline-${name}=${seconds}s`),
];

/** Promised: a call that does not come back is named within this time. */
const NAMED_SECONDS = 5;
/** Limits of waiting for a state, wide enough for a crowded machine. */
const PATIENCE_SECONDS = 20;
const PATIENCE = { timeout: PATIENCE_SECONDS * 1000, interval: 200 };

/** What the driver's calls have to say in findings. */
const CALL_FINDINGS = ['driver_stalled', 'gpu_call_stuck', 'gpu_call_slow'];

const callsOf = (state: NodeState, cell: Cell): readonly StuckCall[] =>
  state.sampling.stuckCalls.filter(
    (call) =>
      call.function === cell.function &&
      call.lane === cell.lane &&
      (cell.reach === 'gpu' ? call.gpuIndex === HUNG : cell.lane === 'gpu' || call.gpuIndex === undefined),
  );

/** Whom the hang does not concern: they are read, and no reading is older than two cycles. */
const isFresh = ({ condition, ageSeconds }: NodeState['gpus'][number]) =>
  condition === 'up' && (ageSeconds ?? Number.POSITIVE_INFINITY) <= 2 * CYCLE_SECONDS;

const othersFresh = (state: NodeState, { reach }: Cell) =>
  state.gpus.length === 8 &&
  // A neighbour that is lost, where that is what made the GPU call, is no reading of anybody's.
  state.gpus.every((gpu) => (reach === 'gpu' && gpu.index === HUNG) || gpu.condition === 'lost' || isFresh(gpu)) &&
  state.gpus.filter(isFresh).length >= (reach === 'gpu' ? 6 : 8);

// A wait that was late three times while deadlines are this short comes and goes: it is told a while longer, as gone.
const callFindings = (state: NodeState) =>
  state.findings.filter(({ code, condition }) => CALL_FINDINGS.includes(code) && condition === 'present');

async function metricsAnswer(agent: AgentProcess): Promise<void> {
  const response = await agent.get('/metrics');
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('gpu_agent_build_info');
}

/** The call is named by function and GPU, first as slow and at its deadline as stuck, with the thread that sleeps. */
async function isNamed(agent: AgentProcess, stage: Stage, cell: Cell, tid: number): Promise<void> {
  const named = await agent.until(`${cell.function} named slow`, PATIENCE_SECONDS, (state) =>
    callsOf(state, cell).some(({ verdict }) => verdict === 'slow'),
  );
  const slow = callsOf(named, cell).filter(({ verdict }) => verdict === 'slow');
  for (const { seconds } of slow) expect(seconds).toBeLessThanOrEqual(NAMED_SECONDS);
  if (cell.reach === 'driver') stage.node.hangEverything(cell);
  else expect(callsOf(named, cell).map(({ verdict, tid }) => ({ verdict, tid }))).toEqual([{ verdict: 'slow', tid }]);

  const stuck = await agent.until(`${cell.function} stuck`, PATIENCE_SECONDS, (state) =>
    callsOf(state, cell).some((call) => call.tid === tid && call.verdict === 'stuck'),
  );
  const call = callsOf(stuck, cell).find((one) => one.tid === tid) as StuckCall;
  expect(call.seconds).toBeGreaterThanOrEqual(DEADLINE_SECONDS[cell.deadline]);
  if (cell.subject !== 'list of GPUs') expect(call.threadState).toMatch(cell.sleep === 'd-state' ? /D/ : /[SR]/);
  if (cell.subject === 'handle, no list') expect([call.gpuUuid, call.gpuPciBusId]).toEqual([undefined, undefined]);
  else if (cell.reach === 'gpu') {
    const { attributes } = stage.node.simulated.read().gpus[HUNG] ?? { attributes: new Map<string, unknown>() };
    const bus = `:${Number(attributes.get('pciBus')).toString(16).padStart(2, '0')}:`;
    expect(call.gpuPciBusId).toContain(bus);
    expect([undefined, attributes.get('uuid')]).toContain(call.gpuUuid);
  }
}

/** One finding says what hangs, and only that; whom it does not concern is read on. */
async function isJudged(agent: AgentProcess, cell: Cell): Promise<void> {
  const state = await agent.until('one finding, and everybody else fresh', 2 * PATIENCE_SECONDS, (seen) => {
    const [first, ...further] = callFindings(seen);
    if (first === undefined || further.length > 0) return false;
    if (cell.reach === 'driver') return first.code === 'driver_stalled';
    return first.code === 'gpu_call_stuck' && othersFresh(seen, cell);
  });
  const [finding] = callFindings(state);
  if (cell.reach === 'driver') return;
  expect(finding?.evidence.function).toBe(cell.function);
  const hung = state.gpus[HUNG];
  if (cell.reach === 'gpu') {
    expect(hung?.condition).toBe('stuck');
    expect(finding?.subject).toEqual({ kind: 'gpu', id: hung?.uuid ?? hung?.pciBusId ?? `${HUNG}` });
  } else {
    expect(finding?.subject).toEqual({ kind: 'node', id: cell.lane });
  }
}

/** After `release` no device of the node is held, or it was said by which thread in which call, and nothing ends that one. */
async function releases(agent: AgentProcess, { node }: Stage, cell: Cell): Promise<void> {
  const { free, remaining } = await agent.release();
  expect(free).toBe(remaining.length === 0);
  const asleep = (pid: number) => cell.sleep === 'd-state' && threadsOf(pid).some(({ state }) => state === 'D');
  const holding = await vi.waitFor(() => {
    const pids = new Set(node.simulated.holders().map(({ pid }) => pid));
    expect([...pids].filter((pid) => !asleep(pid))).toEqual([]);
    return pids;
  }, PATIENCE);
  for (const pid of holding) {
    const named = remaining.filter((handle) => handle.pid === pid);
    expect(named).not.toEqual([]);
    for (const { tid, call } of named) {
      expect(call).toMatchObject({ samplerPid: pid, tid, verdict: 'stuck', threadState: 'D' });
      if (cell.reach === 'driver') continue;
      expect(call).toMatchObject({ function: cell.function, lane: cell.lane });
      if (cell.reach === 'gpu') expect(call?.gpuIndex).toBe(HUNG);
    }
  }
}

/** Once it is to end it ends, and the next one binds the same port although a sampler still sleeps. */
async function endAndStartAnew(agent: AgentProcess, stage: Stage, sleeper: number | undefined): Promise<void> {
  expect(await agent.stop(10), agent.log.slice(-2000)).toBe(0);
  const next = stage.start();
  const healthy = () =>
    next.get('/healthz').then(
      (response) => response.ok,
      () => false,
    );
  const limit = Date.now() + PATIENCE_SECONDS * 1000;
  let answered = false;
  while (!answered && Date.now() < limit) answered = await healthy();
  expect(answered, next.log).toBe(true);
  if (sleeper !== undefined) expect(threadsOf(sleeper).some(({ state }) => state === 'D')).toBe(true);
}

/** The cells of a part, one after the other. Files are played side by side, each in a process of its own. */
export function play(part: Part): void {
  for (const cell of cells.filter((one) => one.part === part)) {
    test.skipIf(obstacleTo(cell) !== undefined)(nameOf(cell), async ({ onTestFinished }) => {
      const node = new HangingNode('hgx-h100');
      const agents: AgentProcess[] = [];
      onTestFinished(async () => {
        node.heal();
        await Promise.all(agents.map((agent) => agent.stop(5)));
        for (const agent of agents) agent.kill();
        node.dispose();
      });
      const port = await freePort();
      const start = () => {
        const agent = new AgentProcess([...node.simulated.flags(), ...SETTINGS], port);
        agents.push(agent);
        return agent;
      };
      const stage = { node, start };
      const { agent, sleeper } = await beginHang(stage, cell);
      if (cell.moment === 'exit') {
        await endAndStartAnew(agent, stage, cell.sleep === 'd-state' ? sleeper.pid : undefined);
        // What is merely slow is waited for until it is stuck: then the sampler ends, although the call has not.
        if (cell.sleep === 'killable') await vi.waitFor(() => expect(isOver(sleeper.pid)).toBe(true), PATIENCE);
        return;
      }
      await isNamed(agent, stage, cell, sleeper.tid);
      await metricsAnswer(agent);
      await isJudged(agent, cell);
      await metricsAnswer(agent);
      await releases(agent, stage, cell);
      await endAndStartAnew(agent, stage, cell.sleep === 'd-state' ? sleeper.pid : undefined);
    });
  }
}

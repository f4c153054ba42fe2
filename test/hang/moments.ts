/** How an agent is brought to the moment at which a call hangs, so that the call is in flight when the agent is given back. */
import type { NodeState } from '../../src/model/node-state.js';
import type { AgentProcess } from './agent-process.js';
import type { Cell, Moment } from './cells.js';
import type { HangingNode } from './simulated-node.js';
import { looksHung, threadsOf } from './threads.js';

/** The GPU whose driver hangs in cells of one GPU. */
export const HUNG = 3;
/** A neighbour that falls off the bus where that is what makes the others call. */
const NEIGHBOUR = 5;

const READY_SECONDS = 30;
const BEGIN_SECONDS = 20;
/** Less than the silence after which a sampler counts as dead. */
const STEP_SECONDS = 6;
/** A nap inside a call that merely takes long is over by then: the longest of the simulated node is 20 ms. */
const LOOKS_APART_MS = 60;
const LOOKS = 3;

const UNINITIALIZED = 1;
const NOT_LOADED = 9;
const UNKNOWN = 999;

/** What a cell is played on. */
export interface Stage {
  readonly node: HangingNode;
  start(): AgentProcess;
}

/** Pids of samplers and the thread of each that sleeps in the cell's call. */
export type Sleeper = { readonly pid: number; readonly tid: number };

export const allUp = (state: NodeState) => state.gpus.length === 8 && state.gpus.every((gpu) => gpu.condition === 'up');

/** Starts an agent and lets the cell's call hang. The agent is given back when a thread of its sampler sleeps in it. */
export async function beginHang(stage: Stage, cell: Cell): Promise<{ agent: AgentProcess; sleeper: Sleeper }> {
  const agent = await WAYS[wayOf(cell)](stage, cell);
  return { agent, sleeper: await untilAsleep(agent, cell) };
}

/** The sleeper of the cell's call; undefined while nobody sleeps in it. */
export async function findSleeper(agent: AgentProcess, cell: Cell): Promise<Sleeper | undefined> {
  let found: readonly Sleeper[] = sleepers(agent, cell);
  for (let look = 1; look < LOOKS && found.length > 0; look++) {
    await pause(LOOKS_APART_MS);
    const still = sleepers(agent, cell);
    found = found.filter(({ tid }) => still.some((one) => one.tid === tid));
  }
  return found[0];
}

function sleepers(agent: AgentProcess, { lane, reach, sleep, subject }: Cell): readonly Sleeper[] {
  const isCaller = (name: string) =>
    lane !== 'gpu' ? name === lane : reach === 'gpu' ? name === `gpu ${HUNG}` : name.startsWith('gpu ');
  const asDeep = (state: string) => subject === 'list of GPUs' || (state === 'D') === (sleep === 'd-state');
  return agent.samplers.flatMap((pid) =>
    threadsOf(pid)
      .filter((thread) => isCaller(thread.name) && looksHung(thread) && asDeep(thread.state))
      .map(({ tid }) => ({ pid, tid })),
  );
}

async function untilAsleep(agent: AgentProcess, cell: Cell): Promise<Sleeper> {
  const limit = Date.now() + BEGIN_SECONDS * 1000;
  for (;;) {
    const sleeper = await findSleeper(agent, cell);
    if (sleeper !== undefined) return sleeper;
    if (Date.now() > limit) {
      const threads = agent.samplers.map((pid) => threadsOf(pid));
      throw new Error(
        `no thread sleeps in ${cell.function} after ${BEGIN_SECONDS} s: ${JSON.stringify(threads)}\n${agent.log}`,
      );
    }
    await pause(50);
  }
}

type Way = 'start' | 'cycle' | 'recount' | 'lookedUpAgain' | 'newEventSet' | 'shutdown' | 'newInit';

/** An exit is an end in the middle of the moment at which the call is made. */
function wayOf({ subject, moment }: Cell): Way {
  const ways: Record<Exclude<Moment, 'exit'>, Way> = { start: 'start', steady: 'cycle', 're-init': 'newInit' };
  switch (subject) {
    case 'init':
    case 'count':
    case 'handle':
    case 'handle, no list':
    case 'register':
    case 'list of GPUs': {
      if (moment === 'exit') return 'start';
      if (moment !== 'steady') return ways[moment];
      return subject === 'count' ? 'recount' : subject === 'register' ? 'newEventSet' : 'lookedUpAgain';
    }
    case 'shutdown':
      return moment === 'start' ? 'start' : 'shutdown';
    default:
      return moment === 'exit' ? 'cycle' : ways[moment];
  }
}

const WAYS: Readonly<Record<Way, (stage: Stage, cell: Cell) => Promise<AgentProcess>>> = {
  async start({ node, start }, cell) {
    if (cell.subject === 'shutdown') node.answer('nvmlDeviceGetCount_v2', UNKNOWN);
    await node.hang(cell, HUNG);
    return start();
  },

  async cycle({ node, start }, cell) {
    const agent = await startedUp(start);
    await node.hang(cell, HUNG);
    return agent;
  },

  /** A sampler counts the driver's GPUs once a minute. */
  async recount({ node, start }, cell) {
    const agent = await startedUp(start);
    await node.hang(cell, HUNG);
    await passUntilAsleep(agent, node, cell, 66);
    return agent;
  },

  /** A lost GPU is looked up again every 30 s. */
  async lookedUpAgain({ node, start }, cell) {
    const agent = await startedUp(start);
    const lost = cell.reach === 'gpu' ? [HUNG] : [0, 1, 2, 3, 4, 5, 6, 7];
    for (const gpu of lost) node.simulated.lose(gpu);
    await agent.until('GPUs lost', READY_SECONDS, ({ gpus }) =>
      lost.every((index) => gpus[index]?.condition === 'lost'),
    );
    await node.hang(cell, HUNG);
    await passUntilAsleep(agent, node, cell, 36);
    return agent;
  },

  /** A lost GPU spoils the set of events: the others register in a new one. */
  async newEventSet({ node, start }, cell) {
    const agent = await startedUp(start);
    // A GPU can be read before it is in the set of events; one cycle later it is, and only then does its loss spoil it.
    for (let cycles = 0; cycles < 2; cycles++) await nextCycle(agent);
    await node.hang(cell, HUNG);
    node.simulated.lose(NEIGHBOUR);
    return agent;
  },

  async shutdown({ node, start }, cell) {
    const agent = await startedUp(start);
    await node.hang(cell, HUNG);
    const answers = answerUninitialized(node);
    await untilAsleep(agent, cell);
    for (const answer of answers) node.simulated.clear(answer);
    return agent;
  },

  /** The hang begins between the shutdown and an init that works. */
  async newInit({ node, start }, cell) {
    const agent = await startedUp(start);
    const failing = node.answer('nvmlInitWithFlags', NOT_LOADED);
    const answers = answerUninitialized(node);
    await agent.until('the driver shut down', READY_SECONDS, ({ driver }) => driver.state === 'not_loaded');
    for (const answer of answers) node.simulated.clear(answer);
    await node.hang(cell, HUNG);
    node.simulated.clear(failing);
    node.simulated.clock({ advanceSeconds: STEP_SECONDS }); // the next attempt is due after five
    return agent;
  },
};

/** "Uninitialized" from a reading, and from the count by which it is checked, makes a sampler initialise anew. */
function answerUninitialized(node: HangingNode): readonly number[] {
  return [node.answer('nvmlDeviceGetPowerUsage', UNINITIALIZED), node.answer('nvmlDeviceGetCount_v2', UNINITIALIZED)];
}

async function startedUp(start: () => AgentProcess): Promise<AgentProcess> {
  const agent = start();
  await agent.until('all GPUs up', READY_SECONDS, allUp);
  return agent;
}

/** Waits until every GPU was read once more. */
async function nextCycle(agent: AgentProcess): Promise<void> {
  const reads = ({ gpus }: NodeState) => gpus.map(({ lastCollectionUnixSeconds = 0 }) => lastCollectionUnixSeconds);
  let before: readonly number[] | undefined;
  await agent.until('another cycle', READY_SECONDS, (state) => {
    before ??= reads(state);
    const first = before;
    return reads(state).every((at, index) => at > (first[index] ?? 0));
  });
}

/** Lets time pass until the call is in flight: a call that is in flight already would age by each step. */
async function passUntilAsleep(agent: AgentProcess, node: HangingNode, cell: Cell, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += STEP_SECONDS) {
    node.simulated.clock({ advanceSeconds: STEP_SECONDS });
    await agent.until(
      'a tick',
      READY_SECONDS,
      ({ sampling }) => (sampling.ageSeconds ?? STEP_SECONDS) < STEP_SECONDS / 2,
    );
    // What the tick brought about has begun by then.
    await pause(300);
    if ((await findSleeper(agent, cell)) !== undefined) return;
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

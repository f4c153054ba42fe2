import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { baselinePath } from '../../src/collect/baseline-file.js';
import type { NodeState } from '../../src/model/node-state.js';
import { allUp, LiveAgent } from './live-agent.js';

vi.setConfig({ testTimeout: 90_000 });

let agent: LiveAgent;
afterEach(() => agent.dispose());

const missing = ({ findings }: NodeState) => findings.filter(({ code }) => code === 'gpu_missing');
const allRead = (count: number) => (state: NodeState) => state.gpus.length === count && allUp(state);

/** Ends the agent and starts it again, as after a reboot. */
async function restart(): Promise<void> {
  await agent.running.close();
  await agent.start();
}

it('a GPU that is gone after a restart is missed until it is back, given away, or forgotten', async () => {
  agent = new LiveAgent('hgx-h100');
  await agent.start();
  const before = await agent.until('eight GPUs that are known', ({ gpus, baseline }) => {
    return gpus.length === 8 && baseline.gpus.length === 8 && baseline.gpus.every(({ busId }) => busId !== undefined);
  });
  const gone = before.gpus[2]?.uuid as string;
  expect(missing(before)).toEqual([]);
  await expect(agent.running.control.forget(gone)).rejects.toMatchObject({ code: 'busy' });

  await agent.running.close();
  agent.simulator('bind', '--gpu', '2', '--driver', 'none');
  await agent.start();
  const without = await agent.until('a GPU that is missed', (state) => allRead(7)(state) && missing(state).length > 0);
  expect(missing(without)).toMatchObject([
    { subject: { id: gone }, severity: 'critical', evidence: { kernel_driver: 'none' }, action: 'check_hardware' },
  ]);

  agent.simulator('bind', '--gpu', '2', '--driver', 'vfio-pci');
  await restart();
  await agent.until('seven GPUs', (state) => allRead(7)(state) && state.baseline.gpus.length === 8);
  expect(missing(agent.state())).toEqual([]);

  agent.simulator('bind', '--gpu', '2', '--driver', 'none');
  await restart();
  await agent.until('a GPU that is missed', (state) => missing(state).length === 1);
  expect(await agent.running.control.forget(gone)).toMatchObject({ uuid: gone });
  await agent.until('nothing missed', (state) => missing(state).length === 0);
  await restart();
  await agent.until('seven GPUs', (state) => allRead(7)(state) && state.baseline.gpus.length === 7);
  expect(missing(agent.state())).toEqual([]);
});

it('what the node has is known soon after the start, also where nobody asks for a state', async () => {
  agent = new LiveAgent('t4-timeslice');
  await agent.start();
  const stateDirectory = agent.config().path.state;
  await vi.waitFor(() => expect(JSON.parse(readFileSync(baselinePath(stateDirectory), 'utf8')).gpus).toHaveLength(2), {
    timeout: 20_000,
    interval: 50,
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/model/gpu.js';
import type { NodeState } from '../../src/model/node-state.js';
import { samplesOf } from '../metrics/exposition-lines.js';
import { allUp, LiveAgent } from './live-agent.js';

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

const ON = '--collector.topology';
const STATUS = 'nvmlDeviceGetP2PStatus';
const ANCESTOR = 'nvmlDeviceGetTopologyCommonAncestor';

/** Two H100 of one board (0, 1), an A100 in MIG mode (2) and an L40S (3). */
function mixed(): LiveAgent {
  agent = new LiveAgent('mixed');
  return agent;
}

const peersOf = ({ gpus }: NodeState) => gpus.map(({ peers }) => peers.map(({ gpuIndex }) => gpuIndex));
const isWhole = (state: NodeState) => allUp(state) && state.gpus.every(({ peers }) => peers.length === 3);
const levelOf = (gpu: Gpu | undefined, other: number) =>
  gpu?.peers.find(({ gpuIndex }) => gpuIndex === other)?.readings.get('topology_level');
const callsOf = ({ calls }: NodeState, name: string) => calls.find((call) => call.function === name);

describe('the pairs of GPUs', () => {
  it('are not asked about by default', async () => {
    const one = mixed();
    const { metrics } = await one.start();
    const state = await one.until('all GPUs up', allUp);
    expect(peersOf(state)).toEqual([[], [], [], []]);
    expect(callsOf(state, STATUS)).toBeUndefined();
    expect(Buffer.from(await metrics.render('text')).toString()).not.toContain('gpu_p2p_supported');
  });

  it('are asked about once with --collector.topology, from either side', async () => {
    const one = mixed();
    const { metrics } = await one.start(ON);
    const state = await one.until('all pairs', isWhole);
    expect(peersOf(state)).toEqual([
      [1, 2, 3],
      [0, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ]);
    const samples = samplesOf(Buffer.from(await metrics.render('text')).toString());
    const [first, second] = state.gpus;
    const pair = samples.filter(({ labels }) => labels.uuid === first?.uuid && labels.peer_uuid === second?.uuid);
    expect(pair.map(({ name, labels, value }) => [name, labels.level ?? labels.capability, value])).toEqual([
      ['gpu_p2p_supported', 'read', '1'],
      ['gpu_p2p_supported', 'write', '1'],
      ['gpu_p2p_supported', 'nvlink', '1'],
      ['gpu_p2p_supported', 'atomics', '1'],
      ['gpu_p2p_supported', 'pci', '1'],
      ['gpu_topology_info', 'hostbridge', '1'],
    ]);
    const asked = () => callsOf(one.state(), ANCESTOR)?.results.success;
    await one.until('the count of calls', () => asked() === 12);
    const cycles = () => callsOf(one.state(), 'gpu cycle')?.results.success ?? 0;
    const before = cycles();
    await one.until('more cycles', () => cycles() > before + 12);
    expect(asked()).toBe(12);
  });

  it('of a lost GPU are left out, and nobody else is in doubt', async () => {
    const one = mixed();
    one.simulator('lost', '--gpu', '1');
    await one.start(ON);
    const others = (state: NodeState) =>
      state.gpus[1]?.condition === 'lost' && [0, 2, 3].every((index) => state.gpus[index]?.peers.length === 2);
    const without = await one.until('pairs of the three others', others);
    expect(peersOf(without)).toEqual([[2, 3], [], [0, 3], [0, 2]]);
    expect(callsOf(without, ANCESTOR)?.results.gpu_is_lost).toBeUndefined();
  });

  it('of a GPU that was lost and is found again are asked about anew', async () => {
    // A lost GPU is looked up every thirty seconds.
    const one = mixed().hurry(15);
    await one.start(ON);
    await one.until('all pairs', isWhole);
    const asked = () => callsOf(one.state(), ANCESTOR)?.results.success ?? 0;
    await one.until('the count of calls', () => asked() === 12);
    one.simulator('lost', '--gpu', '1');
    const lost = await one.until('GPU 1 lost', ({ gpus }) => gpus[1]?.condition === 'lost');
    expect(lost.gpus[1]?.peers).toEqual([]);
    one.simulator('clear');
    const found = await one.until('all pairs again', isWhole, 30);
    expect(levelOf(found.gpus[1], 0)).toBe(30);
    await one.until('the count of calls', () => asked() >= 15);
  });

  it('of a GPU that was handed back are not asked about: nobody else looks it up', async () => {
    const one = mixed();
    await one.start(ON);
    await one.until('all pairs', isWhole);
    const { free } = await one.running.control.release({ gpu: '1' });
    const others = [0, 2, 3];
    const without = await one.until('pairs of the three others', ({ gpus }) =>
      others.every((index) => gpus[index]?.condition === 'up' && gpus[index]?.peers.length === 2),
    );
    expect(free).toBe(true);
    expect(peersOf(without)).toEqual([[2, 3], [], [0, 3], [0, 2]]);
    const holders = await one.running.control.holders('1');
    expect(holders.filter(({ role }) => role === 'sampler')).toEqual([]);
  });

  it('whose call answers that a GPU is lost are missing with the reason: the GPU asked from goes on', async () => {
    const one = mixed();
    one.simulator('fault', '--function', ANCESTOR, '--gpu', '0', '--code', '15');
    await one.start(ON);
    const state = await one.until('all pairs', isWhole);
    const [first, second] = state.gpus;
    expect(first?.condition).toBe('up');
    expect(first?.peers.map(({ readings }) => readings.absence('topology_level'))).toEqual(
      Array.from({ length: 3 }, () => 'gpu_is_lost'),
    );
    expect(first?.peers.map(({ readings }) => readings.get('p2p_read_status'))).toEqual([0, 2, 1]);
    expect(levelOf(second, 0)).toBe(30);
  });

  it('whose call hangs cost the GPU whose thread asks, and no other', async () => {
    const one = mixed();
    // From whichever side: every call about a pair hangs.
    one.simulator('fault', '--function', STATUS, '--hang', 'killable');
    await one.start(ON);
    const stuck = await one.until('a stuck GPU', ({ gpus }) => gpus.some(({ condition }) => condition === 'stuck'));
    const hung = stuck.gpus.filter(({ condition }) => condition !== 'up');
    expect(hung.map(({ condition, conditionReason }) => [condition, conditionReason])).toEqual([
      ['stuck', expect.stringContaining(STATUS)],
    ]);
    // The wait for events may be called slow meanwhile.
    const calls = stuck.sampling.stuckCalls.filter(({ verdict }) => verdict === 'stuck');
    expect(calls.map((call) => [call.function, call.gpuIndex])).toEqual([[STATUS, hung[0]?.index]]);
    // The successor does not try the others: nobody knows which of the two GPUs it was.
    const replaced = await one.until('a successor without it', ({ sampling }) =>
      sampling.processes.some(({ role, excluded }) => role === 'active' && excluded.length === 1),
    );
    const upBefore = replaced.gpus.filter(({ condition }) => condition === 'up').length;
    const cycles = () => callsOf(one.state(), 'gpu cycle')?.results.success ?? 0;
    const before = cycles();
    const later = await one.until('more cycles', () => cycles() > before + 12);
    expect([upBefore, later.gpus.filter(({ condition }) => condition === 'up').length]).toEqual([3, 3]);
    expect(later.gpus.flatMap(({ peers }) => peers)).toEqual([]);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { openNode } from '../../simulator/node.mjs';
import type { NodeState } from '../../src/model/node-state.js';
import { samplesOf } from '../metrics/exposition-lines.js';
import { allUp, LiveAgent } from './live-agent.js';

let agent: LiveAgent;
afterEach(() => agent.dispose());

/** The node's clock runs so many times as fast: a change is over ten of its seconds after its last step. */
const RATE = 4;
const GPU = 2;

const instances = ({ gpus }: NodeState) => gpus[GPU]?.migInstances.map(({ gpuInstance }) => gpuInstance);
const changes = ({ gpus }: NodeState) => gpus[GPU]?.readings.get('mig_reconfigurations_total');

/** Instances of GPU 2 in the exposition, by the family that names them and by one that counts. */
async function series(): Promise<readonly string[]> {
  const text = Buffer.from(await agent.running.metrics.render('text')).toString();
  const uuid = agent.state().gpus[GPU]?.uuid;
  return samplesOf(text)
    .filter(({ name, labels }) => name.startsWith('gpu_mig_') && labels.uuid === uuid && labels.mig_uuid !== undefined)
    .map(({ labels }) => labels.gpu_instance as string);
}

const half = {
  computeInstance: 0,
  profile: '3g.20gb',
  slices: 3,
  computeSlices: 3,
  multiprocessors: 42,
  copyEngines: 3,
  decoders: 2,
  encoders: 0,
  jpegEngines: 0,
  ofaEngines: 0,
  memoryTotalBytes: 20_937_965_568,
  memoryReservedBytes: 33_554_432,
  memoryUsedBytes: 14_680_064,
  bar1TotalBytes: 34_358_689_792,
  bar1UsedBytes: 65_536,
  uncorrectedErrors: 0,
  profileId: 9,
  memorySlices: 4,
};

describe('a GPU that is divided anew while it is watched', { timeout: 90_000 }, () => {
  it('shows who is there at once, and counts one change when all steps are done', async () => {
    agent = new LiveAgent('dgx-a100-mig', '--seed', '7').hurry(RATE);
    const { control } = await agent.start();
    const before = await agent.until('four instances', (state) => allUp(state) && instances(state)?.length === 4, 30);
    expect(changes(before)).toBe(0);
    // In this process: commands would take so long on a busy machine that each step stands still for ten seconds.
    const node = openNode(agent.directory);
    for (const gpuInstance of [2, 3, 9, 10]) node.destroyMig({ gpu: GPU, gpuInstance, computeInstance: 0 });
    node.createMig({ ...half, gpu: GPU, gpuInstance: 1, firstMemorySlice: 0 });
    node.createMig({ ...half, gpu: GPU, gpuInstance: 2, firstMemorySlice: 4 });
    await agent.until('two halves', (state) => String(instances(state)) === '1,2', 20);
    // No series of one that went, also of those whose handle is stale by now.
    expect([...new Set(await series())].sort()).toEqual(['1', '2']);
    const after = await agent.until('the change is counted', (state) => (changes(state) ?? 0) > 0, 30);
    expect(changes(after)).toBe(1);
    // Nobody else was divided anew.
    for (const gpu of after.gpus.filter(({ index }) => index !== GPU)) {
      expect([gpu.index, gpu.readings.get('mig_reconfigurations_total')]).toEqual([gpu.index, 0]);
    }
    // A successor goes on with the count.
    await control.release({ gpu: '0' });
    await agent.until('a successor', ({ sampling }) => sampling.restarts > 0 && sampling.processes.length === 1, 30);
    const later = await agent.until('GPU 2 is read', (state) => state.gpus[GPU]?.condition === 'up', 20);
    expect(changes(later)).toBe(1);
  });
});

describe('a caller who may not see MIG instances', { timeout: 60_000 }, () => {
  it('is told why they are missing, and the driver is not asked again and again', async () => {
    agent = new LiveAgent('dgx-a100-mig', '--seed', '7').hurry(RATE);
    agent.simulator('fault', '--function', 'nvmlDeviceGetMigDeviceHandleByIndex', '--gpu', String(GPU), '--code', '4');
    await agent.start();
    const state = await agent.until('all GPUs up', allUp, 30);
    expect(state.gpus[GPU]?.migInstances).toEqual([]);
    expect(state.gpus[GPU]?.readings.absences()).toMatchObject({
      mig_devices: 'no_permission',
      mig_reconfigurations_total: 'no_permission',
    });
    const refused = ({ calls }: NodeState) =>
      calls.find((call) => call.function === 'nvmlDeviceGetMigDeviceHandleByIndex')?.results.no_permission;
    expect(refused(state)).toBe(1);
    // Two rounds of what is read once a minute.
    agent.simulator('clock', '--advance-seconds', '130');
    const now = state.atMonotonicSeconds + 130;
    await agent.until('later readings', (one) => allUp(one) && one.atMonotonicSeconds > now + 4, 30);
    expect(refused(agent.state())).toBe(1);
    // An event of theirs is a reason to look again.
    agent.simulator('clear');
    agent.simulator('mig', 'destroy', '3/0', '--gpu', String(GPU));
    await agent.until('three instances', (one) => instances(one)?.length === 3, 20);
  });
});

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openNode } from '../../simulator/node.mjs';
import type { NodeState } from '../../src/model/node-state.js';
import { packageRoot } from '../../src/native/package-root.js';
import { allUp, LiveAgent } from './live-agent.js';

/**
 * The driver comes to have other GPUs than before: indexes move, and nobody may be mistaken for another. A GPU that is
 * not to be touched is a trap here: every call about it hangs.
 */

vi.setConfig({ testTimeout: 120_000 });

let agent: LiveAgent;
afterEach(() => agent.dispose());

/** Lets time pass in steps that are shorter than the silence after which a sampler counts as dead. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= STEP_SECONDS) {
    openNode(agent.directory).clock({ advanceSeconds: Math.min(left, STEP_SECONDS) });
    await agent.until('a tick', ({ sampling }) => (sampling.ageSeconds ?? STEP_SECONDS) < STEP_SECONDS / 2);
  }
}
const STEP_SECONDS = 6;

/** A sampler counts the driver's GPUs once a minute. */
const untilRecount = () => pass(61);
const bind = (gpu: number, driver: string) => agent.simulator('bind', '--gpu', String(gpu), '--driver', driver);
const gpuOf = (state: NodeState, uuid: string) => state.gpus.find((gpu) => gpu.uuid === uuid);
const observed = (state: NodeState, uuid: string) => gpuOf(state, uuid)?.readings.get('observed_seconds_total') ?? 0;
const heldNodes = () =>
  new Set(
    openNode(agent.directory)
      .holders()
      .map(({ node }) => node),
  );

const PROC_GPUS = 'host/proc/driver/nvidia/gpus';

/** The scenario of four GPUs with the first two at each other's addresses. */
function unordered(): string {
  const text = readFileSync(join(packageRoot(), 'simulator/scenarios/t4-hami.yaml'), 'utf8');
  const file = join(mkdtempSync(join(tmpdir(), 'unordered-')), 't4-unordered.yaml');
  const swapped = text.replace('pciBus: [0x3b, 0x86,', 'pciBus: [0x86, 0x3b,');
  expect(swapped).not.toBe(text);
  writeFileSync(file, swapped);
  return file;
}

/** UUIDs in the order of the node, whatever the driver counts. */
const uuids = () => [...openNode(agent.directory).read().gpus].map(({ attributes }) => String(attributes.get('uuid')));

describe('a released GPU that the driver gives away', () => {
  it('is never looked up, costs no other GPU its readings or totals, and is read again after resume', async () => {
    agent = new LiveAgent('hgx-h100');
    await agent.start();
    await agent.until('all GPUs up', allUp, 20);
    const all = uuids();
    const away = all[2] as string;
    const others = all.filter((uuid) => uuid !== away);
    const begun = await agent.until('totals', (state) => all.every((uuid) => observed(state, uuid) > 1), 20);
    const before = new Map(all.map((uuid) => [uuid, observed(begun, uuid)]));
    const goesOn = (state: NodeState) => others.every((uuid) => observed(state, uuid) > (before.get(uuid) ?? 0));

    await agent.running.control.release({ gpu: '2' });
    await agent.until(
      'the others up',
      ({ gpus }) => gpus.filter(({ condition }) => condition === 'up').length === 7,
      20,
    );
    agent.simulator('fault', '--gpu', '2', '--hang', 'killable');
    bind(2, 'vfio-pci');
    await untilRecount();
    const seven = await agent.until('seven GPUs', (state) => state.gpus.length === 7 && allUp(state), 20);
    expect(seven.gpus.map(({ uuid }) => uuid)).toEqual(others);
    expect(seven.gpus.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(seven.sampling.released).toEqual([{ gpu: away, untilUnixSeconds: undefined }]);
    await agent.until('totals that go on', goesOn, 20);
    // The same process initialised the driver anew; nobody was replaced and nothing hangs.
    expect(agent.state().sampling.restarts).toBe(1);
    expect(agent.state().sampling.stuckCalls).toEqual([]);
    expect(agent.state().driver.reinitializations).toBe(1);

    const former = new Map(others.map((uuid) => [uuid, observed(agent.state(), uuid)]));
    const [active] = agent.state().sampling.processes;
    process.kill(active?.pid as number, 'SIGKILL');
    const replaced = await agent.until(
      'a successor',
      (state) => state.sampling.restarts === 2 && state.gpus.length === 7 && allUp(state),
      30,
    );
    expect(replaced.gpus.map(({ uuid }) => uuid)).toEqual(others);
    for (const uuid of others) expect(observed(replaced, uuid)).toBeGreaterThanOrEqual(former.get(uuid) ?? 0);

    bind(2, 'nvidia');
    await untilRecount();
    const back = await agent.until('eight GPUs', ({ gpus }) => gpus.length === 8 && gpus[7]?.condition === 'up', 20);
    expect(back.gpus.map(({ uuid }) => uuid)).toEqual(all);
    await agent.until('the others up', ({ gpus }) =>
      gpus.every(({ index, condition }) => index === 2 || condition === 'up'),
    );
    expect(gpuOf(agent.state(), away)).toMatchObject({
      condition: 'excluded',
      conditionReason: 'handed back by release',
    });
    expect(heldNodes()).not.toContain('nvidia2');
    expect(heldNodes()).toContain('nvidia3');
    expect(agent.state().sampling.stuckCalls).toEqual([]);

    agent.simulator('clear');
    expect(await agent.running.control.resume({ gpu: away })).toEqual({ resumed: [away], stillReleased: [] });
    await agent.until('all GPUs up', (state) => state.gpus.length === 8 && allUp(state), 20);
    await agent.until('its totals go on', (state) => observed(state, away) > (before.get(away) ?? 0), 20);
    expect(goesOn(agent.state())).toBe(true);
  });

  it('can be taken up again while it is away, by the name under which it was released', async () => {
    agent = new LiveAgent('t4-hami');
    await agent.start();
    await agent.until('all GPUs up', allUp, 20);
    const released = uuids()[1] as string;
    await agent.running.control.release({ gpu: '1' });
    for (const { pid } of openNode(agent.directory).read().gpus[1]?.processes ?? [])
      agent.simulator('process', 'end', String(pid), '--gpu', '1');
    bind(1, 'none');
    await agent.until('a successor', ({ sampling }) => sampling.processes.length === 1 && sampling.restarts === 1);
    await untilRecount();
    await agent.until('three GPUs', (state) => state.gpus.length === 3 && allUp(state), 20);
    // Index 1 is another GPU now: that one was not released, and the refusal says which was.
    await expect(agent.running.control.resume({ gpu: '1' })).rejects.toMatchObject({
      code: 'not_released',
      nextStep: `Released are: ${released}.`,
    });
    expect(await agent.running.control.resume({ gpu: released })).toEqual({ resumed: [released], stillReleased: [] });
    bind(1, 'nvidia');
    await untilRecount();
    await agent.until('all GPUs up', (state) => state.gpus.length === 4 && allUp(state), 20);
  });
});

describe('a lost GPU that is looked up again', () => {
  it('is not looked up at an index that has become another GPU’s', async () => {
    agent = new LiveAgent('hgx-h100');
    await agent.start();
    await agent.until('all GPUs up', allUp, 20);
    const all = uuids();
    for (const gpu of ['3', '5']) await agent.running.control.release({ gpu });
    await agent.until(
      'successors',
      ({ gpus, sampling }) => sampling.restarts === 2 && sampling.processes.length === 1 && gpus[7]?.condition === 'up',
      20,
    );
    agent.simulator('lost', '--gpu', '4');
    await agent.until('GPU 4 lost', ({ gpus }) => gpus[4]?.condition === 'lost');
    // GPU 4 would be index 4 again in half a minute: by then that is the released GPU.
    agent.simulator('fault', '--gpu', '5', '--hang', 'killable');
    bind(3, 'vfio-pci');
    await pass(31);
    const state = await agent.until(
      'seven GPUs',
      ({ gpus }) => gpus.length === 7 && gpus.filter(({ condition }) => condition === 'up').length === 5,
      20,
    );
    expect(state.gpus.map(({ uuid }) => uuid)).toEqual(all.filter((_, gpu) => gpu !== 3));
    expect(state.gpus.map(({ condition }) => condition)).toEqual(['up', 'up', 'up', 'lost', 'excluded', 'up', 'up']);
    expect(state.sampling.stuckCalls).toEqual([]);
  });
});

describe('a lost GPU', () => {
  /** Eight GPUs, of which 5 is handed back and 4 is lost. */
  async function withLost(): Promise<void> {
    agent = new LiveAgent('hgx-h100');
    await agent.start();
    await agent.until('all GPUs up', allUp, 20);
    await agent.running.control.release({ gpu: '5' });
    await agent.until(
      'a successor',
      ({ gpus, sampling }) => sampling.restarts === 1 && sampling.processes.length === 1 && gpus[7]?.condition === 'up',
      20,
    );
    agent.simulator('lost', '--gpu', '4');
    await agent.until('GPU 4 lost', ({ gpus }) => gpus[4]?.condition === 'lost');
  }
  const CONDITIONS = ['up', 'up', 'up', 'up', 'lost', 'excluded', 'up', 'up'];

  it('that the driver has given up is not looked up, and nobody else is disturbed', async () => {
    await withLost();
    // As after a surprise removal: its folder goes, its handles stay.
    rmSync(join(agent.directory, PROC_GPUS, '0000:9b:00.0'), { recursive: true });
    await pass(31);
    const state = await agent.until('fresh readings', ({ sampling }) => (sampling.ageSeconds ?? 9) < 1);
    expect(state.driver).toMatchObject({ state: 'initialized', reinitializations: 0, initAttempts: 2 });
    expect(state.gpus.map(({ condition }) => condition)).toEqual(CONDITIONS);
    expect(state.sampling.restarts).toBe(1);
  });

  it('that is not counted any more costs nobody an init, also not a neighbour that is looked up again', async () => {
    await withLost();
    agent.simulator('fault', '--gpu', '5', '--hang', 'killable'); // nobody may touch what was handed back
    agent.simulator('unplug', '--gpu', '4');
    await untilRecount();
    const without = await agent.until('fresh readings', ({ sampling }) => (sampling.ageSeconds ?? 9) < 1);
    expect(without.driver).toMatchObject({ state: 'initialized', reinitializations: 0, initAttempts: 2 });
    expect(without.gpus.map(({ condition }) => condition)).toEqual(CONDITIONS);

    // Index 6 is the last GPU's by now.
    const loss = agent.simulator('lost', '--gpu', '6');
    await agent.until('GPU 6 lost', ({ gpus }) => gpus[6]?.condition === 'lost');
    agent.simulator('clear', '--id', loss);
    await pass(31);
    const back = await agent.until('GPU 6 back', ({ gpus }) => gpus[6]?.condition === 'up');
    expect(back.gpus.map(({ uuid }) => uuid)).toEqual(uuids());
    expect(back.gpus.map(({ condition }) => condition)).toEqual(CONDITIONS);
    expect(back.driver.reinitializations).toBe(0);
    // A wait for events that the clock jumped over looks stuck for a moment; it is no call of a GPU.
    expect(back.sampling.stuckCalls.filter(({ lane }) => lane === 'gpu')).toEqual([]);
    expect(heldNodes()).not.toContain('nvidia5');

    // One that was not lost is taken away: now the indexes have other owners.
    bind(5, 'vfio-pci');
    await untilRecount();
    const six = await agent.until('six GPUs', (state) => state.gpus.length === 6 && allUp(state), 20);
    expect(six.gpus.map(({ uuid }) => uuid)).toEqual(uuids().filter((_, gpu) => gpu !== 4 && gpu !== 5));
    expect(six.driver.reinitializations).toBe(1);
    expect(six.sampling.restarts).toBe(1);
  });

  it('waits when the list of GPUs cannot be read, and nobody else is disturbed', async () => {
    await withLost();
    const list = join(agent.directory, PROC_GPUS);
    renameSync(list, `${list}.away`);
    await pass(31);
    const state = await agent.until('fresh readings', ({ sampling }) => (sampling.ageSeconds ?? 9) < 1);
    expect(state.driver).toMatchObject({ state: 'initialized', reinitializations: 0, initAttempts: 2 });
    expect(state.gpus.map(({ condition }) => condition)).toEqual(CONDITIONS);
    renameSync(`${list}.away`, list);
  });
});

describe('a driver whose indexes are not in the order of the PCI addresses', () => {
  it('is believed as it was seen, by successors too; where nothing was seen, GPUs in doubt are left out and said so', async () => {
    agent = new LiveAgent(unordered());
    await agent.start();
    const seen = await agent.until(
      'all GPUs up, where they say that they are',
      (state) => state.gpus.length === 4 && allUp(state),
      30,
    );
    expect(seen.gpus.map(({ uuid }) => uuid)).toEqual(uuids());
    expect(seen.driver.reinitializations).toBe(0);
    for (const gpu of ['1', '3']) await agent.running.control.release({ gpu });
    agent.simulator('fault', '--gpu', '1', '--hang', 'killable');
    const two = await agent.until(
      'successors',
      ({ gpus, sampling }) =>
        sampling.restarts === 2 &&
        sampling.processes.length === 1 &&
        gpus.filter(({ condition }) => condition === 'up').length === 2,
      20,
    );
    expect(two.gpus.map(({ condition }) => condition)).toEqual(['up', 'excluded', 'up', 'excluded']);
    expect(two.gpus.map(({ uuid }) => uuid)).toEqual(uuids());
    expect(heldNodes()).not.toContain('nvidia1');
    expect(two.driver.reinitializations).toBe(0);

    for (const { pid } of openNode(agent.directory).read().gpus[3]?.processes ?? [])
      agent.simulator('process', 'end', String(pid), '--gpu', '3');
    bind(3, 'none');
    await untilRecount();
    const doubtful = await agent.until(
      'three GPUs that nobody can tell apart',
      ({ gpus }) => gpus.length === 3 && gpus.every(({ condition }) => condition === 'excluded'),
      20,
    );
    expect(doubtful.sampling.stuckCalls).toEqual([]);
    expect(heldNodes()).not.toContain('nvidia1');
    const findings = doubtful.findings.filter(({ code }) => code === 'gpu_left_out_in_doubt');
    expect(findings.map(({ evidence }) => evidence.may_be)).toEqual(Array(3).fill(`${uuids()[1]} ${uuids()[3]}`));

    agent.simulator('clear');
    for (const gpu of [1, 3]) await agent.running.control.resume({ gpu: uuids()[gpu] as string });
    const healed = await agent.until('all GPUs up', (state) => state.gpus.length === 3 && allUp(state), 20);
    expect(healed.findings.map(({ code }) => code)).not.toContain('gpu_left_out_in_doubt');
  });
});

describe('a GPU that hung when it was first looked up', () => {
  it('has no name but its index, and is left out by it, where the order of the others names it falsely', async () => {
    agent = new LiveAgent(unordered());
    agent.simulator('fault', '--gpu', '0', '--function', 'nvmlDeviceGetHandleByIndex_v2', '--hang', 'killable');
    await agent.start();
    // By the order of the addresses it would be the GPU that stands at index 1.
    const nameless = (state: NodeState) =>
      state.gpus.length === 4 &&
      state.gpus[0]?.condition === 'stuck' &&
      state.gpus[0].uuid === undefined &&
      state.gpus[0].pciBusId === undefined;
    const othersUp = ({ gpus }: NodeState) => gpus.slice(1).every(({ condition }) => condition === 'up');
    const stuck = await agent.until(
      'GPU 0 stuck, without a name, and the others read',
      (state) => nameless(state) && othersUp(state),
      30,
    );
    // On a busy machine a call that waits on purpose may be late beside it.
    expect(stuck.sampling.stuckCalls.filter(({ verdict }) => verdict === 'stuck')).toMatchObject([
      { gpuIndex: 0, gpuUuid: undefined, gpuPciBusId: undefined },
    ]);
    const left = await agent.until(
      'it left out by a successor',
      (state) =>
        state.sampling.restarts === 1 &&
        state.sampling.processes.every(({ role }) => role === 'active') &&
        nameless(state) &&
        othersUp(state),
      30,
    );
    expect(left.sampling.processes.map(({ excluded }) => excluded)).toEqual([['0']]);
    expect(left.gpus.slice(1).map(({ uuid }) => uuid)).toEqual(uuids().slice(1));
    const findings = left.findings.filter(({ code }) => code === 'gpu_call_stuck');
    expect(findings.map(({ subject }) => subject)).toEqual([{ kind: 'gpu', id: '0' }]);
    expect(left.driver.reinitializations).toBe(0);
  });

  it('is left out at its new index, by its address, and no other GPU is', async () => {
    agent = new LiveAgent('hgx-h100');
    agent.simulator('fault', '--gpu', '4', '--function', 'nvmlDeviceGetHandleByIndex_v2', '--hang', 'killable');
    await agent.start();
    const stuck = await agent.until(
      'GPU 4 left out',
      ({ gpus, sampling }) =>
        gpus.length === 8 &&
        gpus[4]?.condition === 'stuck' &&
        gpus.filter(({ condition }) => condition === 'up').length === 7 &&
        sampling.restarts === 1 &&
        sampling.processes.every(({ role }) => role === 'active'),
      30,
    );
    const address = stuck.gpus[4]?.pciBusId as string;
    expect(address).toBe('0000:9b:00.0');
    expect(stuck.gpus[4]?.uuid).toBeUndefined();
    expect(stuck.sampling.processes.map(({ excluded }) => excluded)).toEqual([[address]]);
    expect(stuck.findings.find(({ code }) => code === 'gpu_call_stuck')?.subject.id).toBe(address);

    await agent.running.control.release({ gpu: '3' });
    await agent.until(
      'the rest up',
      ({ gpus, sampling }) =>
        sampling.restarts === 2 &&
        sampling.processes.length === 1 &&
        gpus.filter(({ condition }) => condition === 'up').length === 6,
      20,
    );
    bind(3, 'vfio-pci');
    await untilRecount();
    const moved = await agent.until(
      'seven GPUs',
      ({ gpus }) => gpus.length === 7 && gpus.filter(({ condition }) => condition === 'up').length === 6,
      20,
    );
    expect(moved.gpus[3]).toMatchObject({ condition: 'stuck', pciBusId: address });
    expect(moved.gpus.filter(({ index }) => index !== 3).map(({ uuid }) => uuid)).toEqual(
      uuids().filter((_, gpu) => gpu !== 3 && gpu !== 4),
    );
    expect(moved.sampling.stuckCalls).toEqual([]);
    expect(moved.driver.reinitializations).toBe(1);
    // Its hold is over half a minute after the process that slept in it ended.
    agent.simulator('clear');
    const healed = await agent.until('all of them up', (state) => state.gpus.length === 7 && allUp(state), 60);
    expect(healed.gpus[3]).toMatchObject({ pciBusId: address, uuid: uuids()[4] });
  });
});

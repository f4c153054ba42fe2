import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import type { MigInstance } from '../../src/model/gpu.js';
import type { NodeState } from '../../src/model/node-state.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { packageRoot } from '../../src/native/package-root.js';
import { type Sample, samplesOf } from '../metrics/exposition-lines.js';
import { allUp, LiveAgent } from './live-agent.js';
import { ALWAYS, NEVER } from './scenario-metrics.js';

/**
 * Every family of the catalogue over every scenario: one that is never there was never tried on a driver, one that is
 * always there was never missed. And what a node costs by default, whatever its GPUs and however they are cut.
 */
const folder = join(packageRoot(), 'simulator/scenarios');
const scenarios = readdirSync(folder).flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? []);

/** The node as its expectations are about it. */
function nodeOf(scenario: string): LiveAgent {
  const { branch } = JSON.parse(readFileSync(join(folder, `${scenario}.expected.json`), 'utf8')) as { branch?: string };
  return new LiveAgent(scenario, '--seed', '7', ...(branch === undefined ? [] : ['--branch', branch])).hurry(RATE);
}

/** The node's clock, so that processes get their names within a second or two. */
const RATE = 4;
const ROUNDS = 4;

let agent: LiveAgent;
afterEach(() => agent?.dispose());

const present = new Map<string, ReadonlySet<string>>();

/** Whether a few cycles are over, and everybody on a GPU has a name and an account. */
function settled(state: NodeState): boolean {
  const { gpus, partitions, sources, use, workloads } = state;
  const cycles = sources.find(({ name }) => name === 'nvml')?.rounds.durationBuckets.at(-1) ?? 0;
  const named = new Set(workloads.flatMap(({ pids }) => pids));
  const away = partitions.filter(({ kind }) => kind === 'passthrough');
  return (
    allUp(state) &&
    cycles >= ROUNDS * gpus.length &&
    gpus.every(({ processes }) => processes.every(({ pid }) => named.has(pid))) &&
    gpus.every(({ migInstances }) => migInstances.every(({ readings }) => wasMeasured(readings))) &&
    away.every(({ allocated }) => allocated !== undefined) &&
    (named.size === 0 || use.workloads.length > 0)
  );
}

/** Activity takes two samples some time apart; most GPUs in MIG mode have none. */
const wasMeasured = (readings: MigInstance['readings']) =>
  !['not_asked', 'no_data'].includes(readings.absence('graphics_activity_ratio') ?? '');

async function samples(enabledFamilies: readonly string[]): Promise<readonly Sample[]> {
  const { source } = agent.running;
  const clock = { monotonicSeconds: () => source.current().atMonotonicSeconds };
  const renderer = new MetricsRenderer(source, loadAddon(), { exporterMetrics: false, clock, enabledFamilies });
  return samplesOf(Buffer.from(await renderer.render('text')).toString());
}

const familyOf = ({ name }: Sample) =>
  FAMILIES.some((family) => family.name === name) ? name : name.replace(/_(bucket|sum|count)$/, '');

/** What a series is of, for what it may cost, and which one of them. */
function ownerOf({ labels }: Sample): readonly [kind: string, id: string] {
  const { uuid, partition, workload, mig_uuid: instance, kind } = labels;
  if (workload !== undefined) return ['workload on a partition', `${partition ?? ''} ${workload}`];
  if (instance !== undefined) return ['MIG instance', instance];
  if (partition !== undefined && kind === 'mig') return ['MIG instance', partition];
  if (partition !== undefined && kind !== undefined && kind !== 'whole') return [kind, partition];
  // A share's own families name the partition alone.
  if (partition !== undefined && partition !== uuid && kind === undefined) return ['share', partition];
  return uuid === undefined ? ['node', ''] : ['GPU', uuid];
}

/** Most series by default, as docs/metrics.md says. */
const BUDGETS: Readonly<Record<string, number>> = {
  GPU: 150,
  'MIG instance': 17,
  share: 15,
  timeslice: 5,
  mps: 5,
  passthrough: 5,
  'workload on a partition': 7,
};

describe.each(scenarios)('%s', { timeout: 90_000 }, (scenario) => {
  test('costs no more series than documented', async () => {
    agent = nodeOf(scenario);
    await agent.start();
    await agent.until('all GPUs up, all names known', settled, 40);
    const counts = new Map<string, number>();
    for (const sample of await samples([])) {
      const owner = ownerOf(sample).join(' ').trim();
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    const over = [...counts].filter(([owner, count]) => {
      const kind = Object.keys(BUDGETS).find((one) => owner.startsWith(`${one} `));
      return kind !== undefined && count > (BUDGETS[kind] as number);
    });
    expect(over).toEqual([]);
    expect([...counts.keys()].some((owner) => owner.startsWith('GPU '))).toBe(true);
    present.set(scenario, new Set((await samples(FAMILIES.map(({ name }) => name))).map(familyOf)));
  });
});

describe('with everything that happens now and then', { timeout: 90_000 }, () => {
  test.each(['hgx-h100', 'gb200'])('%s, each link counted', async (scenario) => {
    agent = nodeOf(scenario);
    // A GPU whose driver does not count what goes over PCIe: then it is measured.
    agent.simulator('set', '--gpu', '2', 'pcieTransmittedBytes=absent', 'pcieReceivedBytes=absent');
    await agent.start('--collector.nvlink-links', '--collector.topology');
    await agent.until('all GPUs up', settled, 40);
    await agent.until('all pairs', ({ gpus }) => gpus.every(({ peers }) => peers.length === gpus.length - 1), 40);
    agent.simulator('xid', '--gpu', '0', '--code', '48');
    agent.simulator('event', '--gpu', '1', '--type', '0x8000');
    const heard = ({ gpus }: NodeState) =>
      gpus[0]?.lastXid !== undefined && Object.keys(gpus[1]?.eventCounts ?? {}).length > 0;
    await agent.until('an XID and another event', heard, 20);
    agent.simulator('lost', '--gpu', '3');
    await agent.until('a lost GPU', ({ gpus }) => gpus[3]?.condition === 'lost', 20);
    present.set(
      `${scenario} with links and events`,
      new Set((await samples(FAMILIES.map(({ name }) => name))).map(familyOf)),
    );
  });
});

test('a node on which nobody looks has what the agent says of itself', { timeout: 60_000 }, async () => {
  agent = nodeOf('h100-confidential');
  await agent.start(
    '--collector.nvml=false',
    '--collector.pci=false',
    '--collector.hami=false',
    '--collector.kmsg=false',
  );
  await agent.until('the sampler runs', ({ sampling }) => sampling.state === 'running', 30);
  present.set('nobody looks', new Set((await samples(FAMILIES.map(({ name }) => name))).map(familyOf)));
});

test('every family is in one scenario at least, or it is said why in none', () => {
  const seen = new Set([...present.values()].flatMap((names) => [...names]));
  expect(FAMILIES.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual(Object.keys(NEVER).sort());
});

test('every family is absent in one scenario at least, or it is one that every node has', () => {
  const everywhere = FAMILIES.map(({ name }) => name).filter((name) =>
    [...present.values()].every((names) => names.has(name)),
  );
  expect(everywhere).toEqual([...ALWAYS].sort());
});

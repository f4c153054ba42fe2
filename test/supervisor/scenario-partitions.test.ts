import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import type { NodeState } from '../../src/model/node-state.js';
import type { Partition } from '../../src/model/partition.js';
import { packageRoot } from '../../src/native/package-root.js';
import { allUp, LiveAgent } from './live-agent.js';

/** The parts of GPUs as a whole agent shows them, against what stands beside the scenario. */
interface ExpectedPart {
  kind: Partition['kind'];
  gpu?: number;
  pciAddress?: string;
  memoryTotalBytes?: number;
  memoryUsedBytes?: number;
  smLimitRatio?: number;
  utilizationRatio?: number;
  /** Missing where it cannot be known. */
  allocated?: boolean;
  holders: string[];
}

const folder = join(packageRoot(), 'simulator/scenarios');
const expectations = readdirSync(folder).flatMap((file) => {
  const scenario = /^(.*)\.expected\.json$/.exec(file)?.[1];
  if (scenario === undefined) return [];
  const { partitions } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { partitions?: ExpectedPart[] };
  return partitions === undefined ? [] : [{ scenario, partitions }];
});

const running: LiveAgent[] = [];
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.dispose();
});

function shown(state: NodeState, kinds: ReadonlySet<string>): ExpectedPart[] {
  const holder = (id: string) => state.workloads.find((one) => one.id === id)?.podUid ?? id;
  return state.partitions
    .filter(({ kind }) => kinds.has(kind))
    .map((part) => ({
      kind: part.kind,
      ...(part.gpuIndex === undefined ? { pciAddress: part.pciBusId as string } : { gpu: part.gpuIndex }),
      ...(part.kind === 'whole' ? {} : given(part)),
      ...(part.allocated === undefined ? {} : { allocated: part.allocated }),
      holders: part.workloads.map(holder),
    }));
}

function given(part: Partition): Partial<ExpectedPart> {
  const { memoryTotalBytes, memoryUsedBytes, smLimitRatio, utilizationRatio } = part;
  return Object.fromEntries(
    Object.entries({ memoryTotalBytes, memoryUsedBytes, smLimitRatio, utilizationRatio }).flatMap(([name, value]) =>
      // Sums of ratios, in binary.
      value === undefined ? [] : [[name, name.endsWith('Ratio') ? Math.round(value * 1e9) / 1e9 : value]],
    ),
  );
}

test.each(expectations)(
  '$scenario has the partitions that stand beside it',
  async ({ scenario, partitions }) => {
    const agent = new LiveAgent(scenario, '--seed', '7');
    running.push(agent);
    await agent.start();
    const kinds = new Set(partitions.map(({ kind }) => kind));
    const whole = new Set(partitions.filter(({ kind }) => kind === 'whole').map(({ gpu }) => gpu));
    const wanted = partitions.map(({ memoryTotalBytes, utilizationRatio, ...part }) =>
      part.kind === 'whole'
        ? part
        : {
            ...part,
            ...(memoryTotalBytes === undefined ? {} : { memoryTotalBytes }),
            ...(utilizationRatio === undefined ? {} : { utilizationRatio }),
          },
    );
    // Names and settings of processes come after the processes.
    const complete = (one: NodeState) => allUp(one) && isDeepStrictEqual(shown(one, kinds), wanted);
    const state = await agent.until('the partitions', complete, 30).catch(() => agent.state());
    expect(shown(state, kinds)).toEqual(wanted);
    for (const part of partitions.filter(({ kind }) => kind === 'whole')) {
      const found = state.partitions.find(({ kind, gpuIndex }) => kind === 'whole' && gpuIndex === part.gpu);
      expect(found?.utilizationRatio).toBeCloseTo(part.utilizationRatio as number, 9);
      if (part.memoryTotalBytes !== undefined) expect(found?.memoryTotalBytes).toBe(part.memoryTotalBytes);
    }
    expect(whole.size === 0 || whole.size === state.gpus.length).toBe(true);
  },
  60_000,
);

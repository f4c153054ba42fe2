import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, FAMILIES } from '../../src/metrics/catalogue.js';
import type { Scene } from '../../src/metrics/family.js';
import { OWN_FAMILIES } from '../../src/metrics/own-families.js';
import { READINGS, type ReadingId } from '../../src/native/readings.generated.js';
import { samplesOf } from './exposition-lines.js';
import { FULL_NODE } from './full-node.js';
import { exposition } from './rendering.js';
import { ALL_READINGS, gpu, node, readings } from './states.js';

const scene: Scene = {
  state: FULL_NODE,
  abi: 1,
  nodeVersion: '20.0.0',
  stateAgeSeconds: 0,
  seriesByFamily: new Map(),
  duplicates: 0,
};

describe('names', () => {
  test('are given once, sorted, and begin with gpu_', () => {
    const names = FAMILIES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => !/^gpu_[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  test('of counters end in _total and of infos in _info, and no others do', () => {
    for (const { name, type } of FAMILIES) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, name.endsWith('_info')]).toEqual([name, type === 'info']);
    }
  });

  test('never hold a prefixed or scaled unit', () => {
    const scaled = /_(?:percent|milliseconds|ms|kilobytes|megabytes|mib|mhz|milliwatts|millijoules)(?:_|$)/;
    expect(FAMILIES.filter(({ name }) => scaled.test(name))).toEqual([]);
  });

  test('in OpenMetrics, no family claims a sample name of another', () => {
    const bare = FAMILIES.map(({ name }) => name.replace(/_(?:total|info)$/, ''));
    expect(new Set(bare).size).toBe(bare.length);
  });
});

test('only what the agent integrates has a time of creation', () => {
  expect(FAMILIES.filter(({ integrated }) => integrated).map(({ name }) => name)).toEqual([
    'gpu_busy_seconds_total',
    'gpu_observed_seconds_total',
  ]);
});

test('help texts are one line without a final stop and name their origin', () => {
  for (const { name, help, origin } of FAMILIES) {
    expect([name, /^[A-Z][^\n]*[^.\s]$/.test(help)]).toEqual([name, true]);
    expect([name, origin.length > 0]).toEqual([name, true]);
  }
});

test('every label that a line has is declared', () => {
  for (const family of FAMILIES) {
    const declared = new Set([...family.subject.labelNames, ...(family.labelNames ?? [])]);
    for (const row of family.subject.rows(scene)) {
      const series = typeof family.series === 'function' ? family.series(row, scene) : family.series;
      const used = series.flatMap(({ labels = {} }) => Object.keys({ ...family.subject.labels(row), ...labels }));
      expect([family.name, used.filter((name) => !declared.has(name))]).toEqual([family.name, []]);
    }
  }
});

test('every reading appears in the exposition, but for those without a family', async () => {
  const render = (values: Partial<Record<ReadingId, number>>) =>
    exposition(node({ gpus: [gpu(0, { readings: readings(values) })] }));
  const whole = await render(ALL_READINGS);
  const unseen: string[] = [];
  for (const { id } of READINGS) {
    const { [id]: _, ...others } = ALL_READINGS;
    if ((await render(others)) === whole) unseen.push(id);
  }
  expect(unseen).toEqual(['cuda_cores', 'supported_event_types', 'mig_devices_max']);
});

test('a GPU has at most 150 series by default, the node-wide ones included', async () => {
  const gpus = Array.from({ length: 8 }, (_, index) => gpu(index, { readings: readings(ALL_READINGS) }));
  const perGpu = samplesOf(await exposition(node({ gpus }))).length / gpus.length;
  expect(perGpu).toBeGreaterThan(80);
  expect(perGpu).toBeLessThanOrEqual(150);
});

describe('docs/metrics.md', () => {
  const documented = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, name]) => name,
  );

  test('lists every family once, and nothing else', () => {
    const known = [...FAMILIES, ...Object.values(OWN_FAMILIES)].map(({ name }) => name);
    expect([...documented].sort()).toEqual(known.sort());
  });

  test('has a chapter for each part of the catalogue', () => {
    const chapters = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(chapters).toEqual(expect.arrayContaining(CATALOGUE.map(({ title }) => title)));
  });
});

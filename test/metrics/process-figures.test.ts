import { readdirSync, readlinkSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { SelfMetrics } from '../../src/metrics/self.js';

/** How often this process has its /proc/self/statm open. */
function openMemoryFiles(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).endsWith('/statm');
    } catch {
      return false; // The descriptor the folder was listed with.
    }
  }).length;
}

async function collections(metrics: SelfMetrics): Promise<number> {
  const families = await metrics.families('text');
  const text = families.find(({ name }) => name === 'nodejs_gc_duration_seconds')?.text ?? '';
  return [...text.toString().matchAll(/_count\{[^}]*\} (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Makes garbage until a collection was seen by somebody else. */
async function collectGarbage(): Promise<void> {
  let seen = 0;
  const observer = new PerformanceObserver((list) => {
    seen += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  try {
    let kept: unknown[] = [];
    while (seen === 0) {
      for (let round = 0; round < 100_000; round += 1) kept.push({ round });
      kept = [];
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } finally {
    observer.disconnect();
  }
}

test('the process is watched until the metrics are closed, and not a moment longer', async () => {
  const before = openMemoryFiles();
  const metrics = new SelfMetrics();
  expect(openMemoryFiles()).toBe(before + 1);
  await collectGarbage();
  const watched = await collections(metrics);
  expect(watched).toBeGreaterThan(0);

  metrics.close();
  metrics.close();
  expect(openMemoryFiles()).toBe(before);
  const last = await collections(metrics);
  await collectGarbage();
  expect(await collections(metrics)).toBe(last);
});

test('a scrape that comes while the service ends gets the last figures', async () => {
  const metrics = new SelfMetrics();
  const names = (await metrics.families('text')).map(({ name }) => name);
  metrics.close();
  const families = await metrics.families('text');
  expect(families.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  const resident = families.find(({ name }) => name === 'process_resident_memory_bytes')?.text.toString();
  expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(resident ?? '')?.[1])).toBeGreaterThan(1e6);
});

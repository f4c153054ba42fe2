import { readdirSync, readlinkSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { stoppedClock } from './rendering.js';
import { node, Source } from './states.js';

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

async function textOf(renderer: MetricsRenderer): Promise<string> {
  return Buffer.from(await renderer.render('text')).toString();
}

function familiesIn(text: string): readonly string[] {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
}

async function collections(renderer: MetricsRenderer): Promise<number> {
  const counts = (await textOf(renderer)).matchAll(/^nodejs_gc_duration_seconds_count\{[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
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

function watching(): MetricsRenderer {
  return new MetricsRenderer(new Source(node()), loadAddon(), { clock: stoppedClock() });
}

test('the process is watched until the metrics are closed, and not a moment longer', async () => {
  const before = openMemoryFiles();
  const renderer = watching();
  expect(openMemoryFiles()).toBe(before + 1);
  await collectGarbage();
  const watched = await collections(renderer);
  expect(watched).toBeGreaterThan(0);

  renderer.close();
  renderer.close();
  expect(openMemoryFiles()).toBe(before);
  const last = await collections(renderer);
  await collectGarbage();
  expect(await collections(renderer)).toBe(last);
});

test('a scrape that comes while the service ends gets the last figures', async () => {
  const renderer = watching();
  const names = familiesIn(await textOf(renderer));
  renderer.close();
  const text = await textOf(renderer);
  expect(familiesIn(text)).toEqual(expect.arrayContaining([...names]));
  expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(1e6);
});

test('figures are those of this process', async () => {
  const used = process.cpuUsage();
  const renderer = watching();
  const text = await textOf(renderer);
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  const user = value('process_cpu_user_seconds_total');
  const system = value('process_cpu_system_seconds_total');
  expect(user).toBeGreaterThanOrEqual(used.user / 1e6);
  expect(system).toBeGreaterThanOrEqual(used.system / 1e6);
  expect(value('process_cpu_seconds_total')).toBeCloseTo(user + system, 6);
  expect(value('process_open_fds')).toBeGreaterThan(2);
  expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'));
  expect(Math.abs(value('process_start_time_seconds') - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  expect(text).toContain(`nodejs_version_info{version="${process.version}",`);
  expect(text).toMatch(/^nodejs_heap_space_size_used_bytes\{space="new"\} \d+$/m);
  renderer.close();
});

test('a type of resource that is gone stays, as 0: the exposition is not compiled anew for it', async () => {
  const renderer = watching();
  const timers = async () => /^nodejs_active_resources\{type="Timeout"\} (\d+)$/m.exec(await textOf(renderer))?.[1];
  const own = setTimeout(() => {}, 60_000);
  const others = Number(await timers()) - 1;
  const compilations = renderer.compilations;
  clearTimeout(own);
  expect(Number(await timers())).toBe(others);
  expect(renderer.compilations).toBe(compilations);
  renderer.close();
});

import { expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/catalogue.js';
import { collectorsOf } from '../../src/metrics/collectors.js';
import type { MetricsFilter } from '../../src/model/metrics-filter.js';
import { samplesOf } from './exposition-lines.js';
import { FULL_NODE } from './full-node.js';
import { rendererOf } from './rendering.js';
import { Source } from './states.js';

const enabledFamilies = FAMILIES.map(({ name }) => name);
const textOf = async (renderer: ReturnType<typeof rendererOf>, filter?: MetricsFilter) =>
  Buffer.from(await renderer.render('text', filter)).toString('utf8');
const namesIn = (text: string) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);

test('a filter gives the very lines that the whole exposition has of these families', async () => {
  const renderer = rendererOf(new Source(FULL_NODE), { enabledFamilies });
  const whole = await textOf(renderer);
  const filtered = await textOf(renderer, {
    names: ['gpu_power_watts', 'gpu_info', 'gpu_agent_nvml_call_duration_seconds'],
  });
  expect(namesIn(filtered)).toEqual(['gpu_agent_nvml_call_duration_seconds', 'gpu_info', 'gpu_power_watts']);
  const kept = samplesOf(whole).filter(({ name }) =>
    /^gpu_(?:power_watts|info|agent_nvml_call_duration_seconds(?:_.*)?)$/.test(name),
  );
  expect(samplesOf(filtered)).toEqual(kept);
  expect(kept.length).toBeGreaterThan(3);
});

test('filters leave the exposition that was compiled as it is', async () => {
  const renderer = rendererOf(new Source(FULL_NODE), { enabledFamilies });
  const whole = await textOf(renderer);
  await textOf(renderer, { collect: ['hami'] });
  await textOf(renderer, { names: ['gpu_up'] });
  expect(await textOf(renderer)).toBe(whole);
  expect(renderer.compilations).toBe(1);
});

test('collect keeps families of a source and what the agent says of itself; exclude leaves them out', async () => {
  const renderer = rendererOf(new Source(FULL_NODE), { enabledFamilies, exporterMetrics: true });
  const hami = namesIn(await textOf(renderer, { collect: ['hami'] }));
  expect(hami).toEqual(expect.arrayContaining(['gpu_share_blocked', 'gpu_agent_hami_files', 'gpu_partition_info']));
  expect(hami).toEqual(expect.arrayContaining(['gpu_agent_build_info', 'process_cpu_seconds_total']));
  expect(hami).not.toContain('gpu_power_watts');
  const others = namesIn(await textOf(renderer, { exclude: ['hami', 'processes'] }));
  expect(others).toEqual(expect.arrayContaining(['gpu_power_watts', 'gpu_partition_info', 'gpu_workload_processes']));
  for (const name of ['gpu_share_blocked', 'gpu_agent_hami_files', 'gpu_workload_info'])
    expect(others).not.toContain(name);
});

test('both formats are filtered, and an exposition of nothing is a valid one', async () => {
  const renderer = rendererOf(new Source(FULL_NODE), {});
  const open = Buffer.from(await renderer.render('openmetrics', { names: ['gpu_xid_errors_total'] })).toString('utf8');
  expect(open).toMatch(/^# HELP gpu_xid_errors /);
  expect(open.match(/^# TYPE /gm)).toHaveLength(1);
  expect(open.endsWith('# EOF\n')).toBe(true);
  const nothing = Buffer.from(await renderer.render('openmetrics', { names: ['process_cpu_seconds_total'] }));
  expect(nothing.toString('utf8')).toBe('# EOF\n');
});

test('every family has a source or is of the agent', () => {
  const without = FAMILIES.filter(({ name }) => collectorsOf(name).length === 0).map(({ name }) => name);
  expect(without.filter((name) => !name.startsWith('gpu_agent_'))).toEqual([]);
  for (const { name, origin } of FAMILIES) {
    if (/^HAMi/.test(origin)) expect([name, collectorsOf(name)]).toEqual([name, ['hami']]);
    if (/^nvmlDevice|^field id/.test(origin))
      expect([name, collectorsOf(name)]).toEqual([name, expect.arrayContaining(['nvml'])]);
    if (/^sysfs/.test(origin)) expect([name, collectorsOf(name)]).toEqual([name, expect.arrayContaining(['pci'])]);
  }
});

test('a name says why nothing comes of it', () => {
  const renderer = rendererOf(new Source(FULL_NODE), { disabledFamilies: ['gpu_power_watts'], exporterMetrics: true });
  const [optIn] = FAMILIES.filter((family) => family.optIn === true);
  expect(renderer.whyNot('gpu_up')).toBeUndefined();
  expect(renderer.whyNot('gpu_agent_http_requests_total')).toBeUndefined();
  expect(renderer.whyNot('gpu_power_watts')).toBe('gpu_power_watts is switched off by --metrics.disable.');
  expect(renderer.whyNot(optIn?.name ?? '')).toContain(`--metrics.enable=${optIn?.name}`);
  expect(renderer.whyNot('gpu_xid_errors')).toBe(
    'no family is named "gpu_xid_errors"; did you mean gpu_xid_errors_total?',
  );
  expect(renderer.whyNot('gpu_agent_scrape_duration_seconds_bucket')).toContain(
    'did you mean gpu_agent_scrape_duration_seconds?',
  );
  expect(renderer.whyNot('node_load1')).toBe('no family is named "node_load1"; docs/metrics.md lists all');
});

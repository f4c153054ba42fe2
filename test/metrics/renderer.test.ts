import { describe, expect, test } from 'vitest';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { samplesOf, valuesOf } from './exposition-lines.js';
import { FULL_NODE } from './full-node.js';
import { exposition, rendererOf, stoppedClock } from './rendering.js';
import { gpu, node, partition, readings, Source, workload } from './states.js';

const text = async (renderer: MetricsRenderer, format: 'text' | 'openmetrics' = 'text') =>
  Buffer.from(await renderer.render(format)).toString('utf8');

const withTemperature = (celsius: number, topologyVersion = 1) =>
  node({ topologyVersion, gpus: [gpu(0, { readings: readings({ temperature_celsius: celsius }) })] });

describe('compiling', () => {
  test('happens once while only numbers move', async () => {
    const source = new Source(withTemperature(40));
    const renderer = rendererOf(source);
    expect(valuesOf(await text(renderer), 'gpu_temperature_celsius')).toEqual(['40']);
    source.state = withTemperature(41);
    expect(valuesOf(await text(renderer), 'gpu_temperature_celsius')).toEqual(['41']);
    source.state = node({ gpus: [gpu(0)] });
    expect(valuesOf(await text(renderer), 'gpu_temperature_celsius')).toEqual([]);
    expect(renderer.compilations).toBe(1);
  });

  test('happens again for another topology', async () => {
    const source = new Source(withTemperature(40));
    const renderer = rendererOf(source);
    await renderer.render('text');
    source.state = { ...node({ topologyVersion: 2 }), gpus: [gpu(1)] };
    expect(valuesOf(await text(renderer), 'gpu_up', { gpu: '1' })).toEqual(['1']);
    expect(valuesOf(await text(renderer), 'gpu_up')).toHaveLength(1);
    expect(renderer.compilations).toBe(2);
  });

  test('happens again when rows change although nobody announced it', async () => {
    const source = new Source(
      node({ partitions: [partition('a', { allocated: true }), partition('b', { allocated: false })] }),
    );
    const renderer = rendererOf(source);
    await renderer.render('text');
    source.state = node({ partitions: [partition('b', { allocated: false }), partition('a', { allocated: true })] });
    const swapped = await text(renderer);
    expect(valuesOf(swapped, 'gpu_partition_allocated', { partition: 'a' })).toEqual(['1']);
    expect(valuesOf(swapped, 'gpu_partition_allocated', { partition: 'b' })).toEqual(['0']);
    source.state = node();
    expect(await text(renderer)).not.toContain('gpu_partition');
  });

  test('happens again when a function gives a result it never gave', async () => {
    const call = { function: 'nvmlInit_v2', durationBuckets: [0, 0, 0, 0, 0, 0, 0, 0], durationSumSeconds: 0 };
    const source = new Source(node({ calls: [{ ...call, results: { success: 1 } }] }));
    const renderer = rendererOf(source);
    await renderer.render('text');
    source.state = node({ calls: [{ ...call, results: { success: 1, timeout: 3 } }] });
    expect(valuesOf(await text(renderer), 'gpu_agent_nvml_calls_total', { result: 'timeout' })).toEqual(['3']);
  });
});

describe('the exposition', () => {
  test('is the same for the same node, in whatever order its parts come', async () => {
    const reversed = {
      ...FULL_NODE,
      gpus: [...FULL_NODE.gpus].reverse(),
      partitions: [...FULL_NODE.partitions].reverse(),
      workloads: [...FULL_NODE.workloads].reverse(),
      calls: [...FULL_NODE.calls].reverse(),
    };
    expect(await exposition(reversed, 'openmetrics')).toBe(await exposition(FULL_NODE, 'openmetrics'));
  });

  test('orders GPUs as numbers', async () => {
    const printed = samplesOf(await exposition(FULL_NODE)).filter(({ name }) => name === 'gpu_up');
    expect(printed.map(({ labels }) => labels.gpu)).toEqual(['0', '1', '2', '10']);
  });

  test('has no series twice, and says how many it left out', async () => {
    const twice = node({ workloads: [workload('same', { name: 'first' }), workload('same', { name: 'first' })] });
    const printed = await exposition(twice);
    expect(valuesOf(printed, 'gpu_workload_info')).toEqual(['1']);
    const dropped = samplesOf(printed).filter(({ name }) => name === 'gpu_agent_series_dropped_total');
    expect(dropped).toEqual([
      {
        name: 'gpu_agent_series_dropped_total',
        labels: { family: 'gpu_workload_info', reason: 'duplicate_labels' },
        value: '1',
      },
    ]);
    const series = samplesOf(await exposition(FULL_NODE)).map(
      ({ name, labels }) => `${name} ${JSON.stringify(labels)}`,
    );
    expect(series.filter((one, index) => series.indexOf(one) !== index)).toEqual([]);
  });

  test('says that data is simulated', async () => {
    const simulated = await exposition(node({ simulated: 'scenario=mixed seed=1 branch=550.54.15' }));
    expect(valuesOf(simulated, 'gpu_agent_nvml_info', { simulated: 'true' })).toEqual(['1']);
    expect(valuesOf(await exposition(node()), 'gpu_agent_nvml_info', { simulated: 'false' })).toEqual(['1']);
  });

  test('tells the age of its data at the scrape, not at the gathering', async () => {
    const late = await exposition(node(), 'text', { clock: stoppedClock(30) });
    expect(valuesOf(late, 'gpu_agent_snapshot_age_seconds')).toEqual(['30.5']);
  });

  test('ends as its format asks', async () => {
    expect((await exposition(node(), 'openmetrics')).endsWith('\n# EOF\n')).toBe(true);
    expect(await exposition(node(), 'text')).not.toContain('# EOF');
  });
});

describe('families', () => {
  test('that are opt-in come when named, others go when named', async () => {
    const options = { enabledFamilies: ['gpu_agent_series'], disabledFamilies: ['gpu_up'] };
    const printed = await exposition(FULL_NODE, 'text', options);
    expect(printed).toContain('# TYPE gpu_agent_series gauge');
    expect(printed).not.toContain('# TYPE gpu_up gauge');
    expect(await exposition(FULL_NODE)).not.toContain('# TYPE gpu_agent_series gauge');
  });

  test('that do not exist are refused by name', () => {
    expect(() => rendererOf(new Source(node()), { enabledFamilies: ['gpu_tempreature'] })).toThrow(/gpu_tempreature/);
  });
});

describe('the agent about itself', () => {
  const withSelf = () => new MetricsRenderer(new Source(FULL_NODE), loadAddon(), { clock: stoppedClock() });

  test('keeps its names in the text format after an OpenMetrics scrape', async () => {
    const renderer = withSelf();
    renderer.self?.observeRequest({ route: '/metrics', method: 'GET', code: 200, seconds: 0.002 });
    const types = async () =>
      [...(await text(renderer)).matchAll(/^# TYPE (?:process|nodejs|gpu_agent_http)\S* \S+$/gm)].map(String);
    const before = await types();
    expect(before).toContain('# TYPE gpu_agent_http_requests_total counter');
    expect(before).toContain('# TYPE process_cpu_seconds_total counter');
    expect(await text(renderer, 'openmetrics')).toContain(
      '# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n',
    );
    expect(await types()).toEqual(before);
  });

  test('stands among the other families in the order of names', async () => {
    const renderer = withSelf();
    renderer.self?.observeRequest({ route: '/metrics', method: 'GET', code: 200, seconds: 0.002 });
    renderer.self?.observeScrape('/metrics', 0.001);
    const names = [...(await text(renderer)).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(
      expect.arrayContaining(['gpu_agent_scrape_duration_seconds', 'nodejs_version_info', 'gpu_up']),
    );
  });

  test('counts requests and times them', async () => {
    const renderer = withSelf();
    for (const seconds of [0.002, 0.2]) {
      renderer.self?.observeRequest({ route: '/api/v1/gpus/:gpu', method: 'GET', code: 404, seconds });
    }
    const printed = await text(renderer);
    expect(valuesOf(printed, 'gpu_agent_http_requests_total', { code: '404' })).toEqual(['2']);
    const bucket = 'gpu_agent_http_request_duration_seconds_bucket';
    expect(valuesOf(printed, bucket, { le: '0.01' })).toEqual(['1']);
    expect(valuesOf(printed, bucket, { le: '1.0' })).toEqual(['2']);
    expect(valuesOf(printed, bucket, { le: '+Inf' })).toEqual(['2']);
  });

  test('tells the lag of the event loop as it was measured, and nothing before that', async () => {
    const renderer = withSelf();
    expect(valuesOf(await text(renderer), 'nodejs_eventloop_lag_seconds')).toEqual([]);
    // Longer than any look at the loop would be apart from the next.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const printed = await text(renderer);
    const lags = samplesOf(printed).filter(({ name }) => name.startsWith('nodejs_eventloop_lag'));
    expect(lags.map(({ name }) => name)).toEqual(['nodejs_eventloop_lag_seconds']);
    expect(Number(lags[0]?.value)).toBeGreaterThan(0);
    expect(Number(lags[0]?.value)).toBeLessThan(0.9);
    expect(printed).not.toMatch(/ NaN$/m);
  });

  test('is left out when switched off', async () => {
    const renderer = rendererOf(new Source(FULL_NODE));
    expect(renderer.self).toBeUndefined();
    expect(await text(renderer)).not.toMatch(/^(?:process|nodejs)_/m);
  });
});

import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp, type WebParts } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import type { NodeState } from '../../src/model/node-state.js';
import { GPU_READINGS, NVLINK_READINGS } from '../../src/model/readings.js';
import { readingsOf } from '../readings.js';
import { fullState, gpu, partition, podWorkload, runningState, startingState } from './node-states.js';

let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const plainMetrics: MetricsSource = {
  render: async (format) => Buffer.from(`gpu_format{format="${format}"} 1\n`),
};

function build(state: NodeState = runningState(), parts: Partial<WebParts> = {}): FastifyInstance {
  app = buildWebApp({
    source: { current: () => state },
    metrics: plainMetrics,
    maxRequests: 40,
    telemetryPath: '/metrics',
    log: undefined,
    ...parts,
  });
  return app;
}

describe('health', () => {
  it.each(['/healthz', '/-/healthy'])('%s answers before the driver did', async (url) => {
    const answer = await build(startingState()).inject(url);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it.each(['/readyz', '/-/ready'])('%s waits for the first attempt', async (url) => {
    const answer = await build(startingState()).inject(url);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(answer.json()).toMatchObject({ code: 'not_ready', status: 503 });
  });

  it('a node without a driver is ready', async () => {
    const { driver } = startingState();
    const state = startingState({ driver: { ...driver, state: 'library_missing', initAttempts: 1 } });
    const answer = await build(state).inject('/readyz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ready', driver: 'library_missing' }]);
  });

  it('a driver whose start is known to hang is ready: the attempt is over', async () => {
    const { sampling } = startingState();
    const [call] = fullState().sampling.stuckCalls;
    if (call === undefined) throw new Error('the full state has a stuck call');
    const state = (verdict: 'slow' | 'stuck') =>
      startingState({ sampling: { ...sampling, stuckCalls: [{ ...call, lane: 'control', verdict }] } });
    expect((await build(state('slow')).inject('/readyz')).statusCode).toBe(503);
    await app?.close();
    expect((await build(state('stuck')).inject('/readyz')).statusCode).toBe(200);
  });
});

describe('the API', () => {
  it('leaves out what has no value', async () => {
    const { gpus } = (await build().inject('/api/v1/gpus')).json();
    expect(gpus).toHaveLength(2);
    expect(gpus[0]).not.toHaveProperty('vbiosVersion');
    expect(gpus[0].readings).toEqual({
      memory_total_bytes: 85_899_345_920,
      memory_used_bytes: 1_073_741_824,
      utilization_ratio: 0.5,
      power_watts: 250.5,
      power_limit_enforced_watts: 400,
      temperature_celsius: 41,
    });
  });

  it('says why a reading of a GPU or of one of its parts is missing, and nothing of those nobody asked for', async () => {
    const refused = readingsOf(GPU_READINGS, { power_watts: 1 }, 4);
    const answered = readingsOf(NVLINK_READINGS, { state: 1 }, 3);
    const state = runningState();
    const gpus = [
      gpu(0, {
        readings: refused.only((id) => id === 'power_watts' || id === 'ecc_sram_threshold_exceeded'),
        links: [
          { link: 0, remotePciBusId: undefined, readings: answered.only((id) => id === 'state' || id === 'version') },
        ],
      }),
    ];
    const built = build({ ...state, gpus });
    for (const url of ['/api/v1/gpus/0', '/api/v1/gpus', '/api/v1/node']) {
      const answer = (await built.inject(url)).json();
      const told = answer.gpu ?? answer.gpus[0];
      expect(told.readings).toEqual({ power_watts: 1 });
      expect(told.absent).toEqual({ ecc_sram_threshold_exceeded: 'no_permission' });
      expect(told.links[0]).toEqual({ link: 0, readings: { state: 1 }, absent: { version: 'not_supported' } });
    }
  });

  it.each([
    '1',
    'GPU-00000000-0000-0000-0000-000000000001',
    'gpu-00000000-0000-0000-0000-000000000001',
    '0000:01:00.0',
  ])('finds a GPU by %s', async (id) => {
    const answer = await build().inject(`/api/v1/gpus/${id}`);
    expect([answer.statusCode, answer.json().gpu.index]).toEqual([200, 1]);
  });

  it('says which GPUs there are when one is unknown', async () => {
    const answer = await build().inject('/api/v1/gpus/9');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      type: 'urn:gpu-node-agent:problem:gpu_unknown',
      title: 'No such GPU',
      status: 404,
      code: 'gpu_unknown',
      detail: 'No GPU is called "9"; indices are: 0, 1.',
    });
  });

  it.each([
    ['', ['mig', 'share']],
    ['?kind=mig', ['mig']],
    ['?gpu=1', ['share']],
    ['?gpu=0&kind=share', []],
    [`?workload=${encodeURIComponent(podWorkload().id)}`, ['mig', 'share']],
    [`?workload=${encodeURIComponent(podWorkload().name)}&gpu=0`, ['mig']],
    ['?workload=nobody', []],
    ['?allocated=true', ['mig', 'share']],
    ['?allocated=false', []],
    ['?limit=1', ['mig']],
  ])('of partitions "%s" are these', async (query, kinds) => {
    const answer = (await build(fullState()).inject(`/api/v1/partitions${query}`)).json();
    expect(answer.partitions.map(({ kind }: { kind: string }) => kind)).toEqual(kinds);
    expect(answer.total).toBe(query === '?limit=1' ? 2 : kinds.length);
  });

  it('of partitions of which nobody knows whether they are held is neither said', async () => {
    const built = build(runningState({ partitions: [partition(0, { allocated: undefined }), partition(1)] }));
    const indices = async (query: string) =>
      (await built.inject(`/api/v1/partitions${query}`))
        .json()
        .partitions.map(({ gpuIndex }: { gpuIndex: number }) => gpuIndex);
    expect(await indices('?allocated=true')).not.toContain(0);
    expect(await indices('?allocated=false')).not.toContain(0);
    expect(await indices('')).toContain(0);
  });

  it('refuses a kind or key of partitions that is none, and a GPU that is not there', async () => {
    const built = build(fullState());
    for (const query of ['?kind=slice', '?knd=mig', '?allocated=maybe']) {
      const answer = await built.inject(`/api/v1/partitions${query}`);
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'request_invalid']);
    }
    expect((await built.inject('/api/v1/partitions?gpu=9')).statusCode).toBe(404);
  });

  it('marks a simulated node', async () => {
    const { simulated } = fullState();
    const built = build(fullState());
    for (const url of ['/api/v1/node', '/api/v1/gpus', '/api/v1/gpus/0', '/api/v1/partitions', '/readyz']) {
      expect((await built.inject(url)).json().simulated).toBe(simulated);
    }
  });
});

describe('failures', () => {
  it('an unknown path is a problem', async () => {
    const answer = await build().inject('/nope?x=1');
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'route_unknown']);
  });

  it.each([
    ['/metrics', 'GET, HEAD'],
    ['/api/v1/gpus/0', 'GET, HEAD'],
  ])('POST %s is refused and says what is allowed', async (url, allow) => {
    const answer = await build().inject({ method: 'POST', url });
    expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([405, allow, 'method_not_allowed']);
  });

  it('nothing of the control socket is on the port', async () => {
    const built = build();
    for (const url of ['/v1/release', '/v1/resume', '/v1/state', '/v1/holders?gpu=0']) {
      for (const method of ['GET', 'POST'] as const) {
        expect((await built.inject({ method, url })).statusCode).toBe(404);
      }
    }
  });

  it('keeps the text of a defect inside', async () => {
    const built = build(runningState(), { metrics: { render: () => Promise.reject(new Error('secret path')) } });
    const answer = await built.inject('/metrics');
    expect([answer.statusCode, answer.json().code]).toEqual([500, 'internal']);
    expect(answer.body).not.toContain('secret');
  });
});

it('every answer carries the security headers', async () => {
  const built = build();
  for (const url of ['/', '/metrics', '/api/v1/node', '/nope', '/page.js']) {
    const { headers } = await built.inject(url);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
});

describe('metrics', () => {
  it('are text 0.0.4 unless OpenMetrics is asked for', async () => {
    const built = build();
    const plain = await built.inject('/metrics');
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.body).toBe('gpu_format{format="text"} 1\n');
    // What Prometheus 2.42 sends.
    const accept =
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const open = await built.inject({ url: '/metrics', headers: { accept, 'accept-encoding': 'gzip' } });
    expect(open.headers['content-type']).toBe(
      'application/openmetrics-text; version=1.0.0; escaping=underscores; charset=utf-8',
    );
    expect(open.headers['content-encoding']).toBe('gzip');
    expect(open.headers.vary).toBe('Accept, Accept-Encoding');
    expect(gunzipSync(open.rawPayload).toString()).toBe('gpu_format{format="openmetrics"} 1\n');
  });

  it('answer a HEAD without a body', async () => {
    const answer = await build().inject({ method: 'HEAD', url: '/metrics' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
  });

  it('have the path they are given', async () => {
    const built = build(runningState(), { telemetryPath: '/gpu' });
    expect((await built.inject('/gpu')).statusCode).toBe(200);
    expect((await built.inject('/metrics')).statusCode).toBe(404);
  });

  it('are gathered once for scrapes that come together, one kind after the other', async () => {
    const rendered: string[] = [];
    let running = 0;
    let most = 0;
    const metrics: MetricsSource = {
      async render(format) {
        rendered.push(format);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return Buffer.from(format);
      },
    };
    const built = build(runningState(), { metrics });
    await built.ready();
    const open = { accept: 'application/openmetrics-text' };
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => built.inject('/metrics')),
      ...Array.from({ length: 5 }, () => built.inject({ url: '/metrics', headers: open })),
    ]);
    expect(rendered).toEqual(['text', 'openmetrics']);
    expect(most).toBe(1);
    expect(answers.map(({ body }) => body)).toEqual([
      ...Array.from({ length: 5 }, () => 'text'),
      ...Array.from({ length: 5 }, () => 'openmetrics'),
    ]);
    await built.inject('/metrics');
    expect(rendered).toHaveLength(3);
  });

  it('are refused above the limit, and answered again below it', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const metrics: MetricsSource = { render: () => gate.then(() => Buffer.from('x 1\n')) };
    const built = build(runningState(), { metrics, maxRequests: 2 });
    await built.ready();
    const first = [built.inject('/metrics'), built.inject('/metrics')];
    await new Promise((resolve) => setImmediate(resolve));
    const refused = await built.inject('/metrics');
    expect([refused.statusCode, refused.json().code]).toEqual([503, 'too_many_requests']);
    expect((await built.inject('/healthz')).statusCode).toBe(200);
    release();
    expect((await Promise.all(first)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await built.inject('/metrics')).statusCode).toBe(200);
  });

  it('say so before the scraper gives up', async () => {
    const metrics: MetricsSource = { render: () => new Promise(() => {}) };
    const headers = { 'x-prometheus-scrape-timeout-seconds': '0.1' };
    const answer = await build(runningState(), { metrics }).inject({ url: '/metrics', headers });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'scrape_timeout']);
  });

  it('recover after a gather that failed', async () => {
    let calls = 0;
    const metrics: MetricsSource = {
      render: async () => {
        calls += 1;
        if (calls === 1) throw new Error('once');
        return Buffer.from('x 1\n');
      },
    };
    const built = build(runningState(), { metrics });
    expect((await built.inject('/metrics')).statusCode).toBe(500);
    expect((await built.inject('/metrics')).statusCode).toBe(200);
  });
});

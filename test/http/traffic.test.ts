import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildControlApp, buildWebApp } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import { OWN_FAMILIES } from '../../src/metrics/own-families.js';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import { ControlError } from '../../src/model/control.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { samplesOf, valuesOf } from '../metrics/exposition-lines.js';
import { stoppedClock } from '../metrics/rendering.js';
import { node, Source } from '../metrics/states.js';
import { runningState } from './node-states.js';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const refuse = () => Promise.reject(new ControlError('busy', 'Not now.', 'Ask again.'));
const rest = {
  maxRequests: 40,
  log: undefined,
  control: {
    release: refuse,
    resume: refuse,
    forget: () => Promise.reject(new Error('not asked for here')),
    holders: refuse,
  },
};

function bothApps(metrics: MetricsSource & Partial<Pick<MetricsRenderer, 'self'>>) {
  const parts = { ...rest, source: { current: () => runningState() }, metrics, traffic: metrics.self };
  const web = buildWebApp({ ...parts, telemetryPath: '/metrics' });
  const control = buildControlApp(parts);
  apps.push(web, control);
  return { web, control };
}

const counting = () => bothApps(new MetricsRenderer(new Source(node()), loadAddon(), { clock: stoppedClock() }));

describe('requests', () => {
  it('are counted by route, method and answer, on the web address and on the control socket', async () => {
    const { web, control } = counting();
    for (const url of ['/healthz', '/healthz', '/api/v1/gpus/0', '/api/v1/gpus/9', '/metrics']) await web.inject(url);
    await control.inject('/v1/holders?gpu=0');
    const text = (await web.inject('/metrics')).body;
    const requests = samplesOf(text).filter(({ name }) => name === 'gpu_agent_http_requests_total');
    expect(requests.map(({ labels, value }) => [labels.method, labels.route, labels.code, value])).toEqual([
      ['GET', '/api/v1/gpus/:id', '200', '1'],
      ['GET', '/api/v1/gpus/:id', '404', '1'],
      ['GET', '/healthz', '200', '2'],
      ['GET', '/metrics', '200', '1'],
      ['GET', '/v1/holders', '409', '1'],
    ]);
  });

  it('give no label to what a client made up', async () => {
    const { web } = counting();
    for (const path of ['/a', '/b', '/metrics/c']) await web.inject(path);
    await web.inject({ method: 'DELETE', url: '/healthz' });
    const text = (await web.inject('/metrics')).body;
    const requests = samplesOf(text).filter(({ name }) => name === 'gpu_agent_http_requests_total');
    expect(requests.map(({ labels, value }) => [labels.method, labels.route, labels.code, value])).toEqual([
      ['GET', 'unknown', '404', '3'],
      ['other', 'unknown', '405', '1'],
    ]);
  });

  it('show every family of the agent about itself once there was a scrape', async () => {
    const { web, control } = counting();
    await web.inject('/metrics');
    await control.inject('/v1/metrics');
    const text = (await web.inject('/metrics')).body;
    for (const { name } of Object.values(OWN_FAMILIES)) expect(text).toContain(`# TYPE ${name} `);
    for (const endpoint of ['/metrics', '/v1/metrics']) {
      expect(valuesOf(text, 'gpu_agent_scrape_duration_seconds_count', { endpoint })).toEqual(['1']);
    }
  });
});

it('a source that reuses its buffer is left alone while another route still compresses it', async () => {
  // Long enough for its compression to be under way when the second route asks.
  const buffer = Buffer.alloc(32 << 20);
  let calls = 0;
  let first: () => void = () => undefined;
  const firstCall = new Promise<void>((resolve) => {
    first = resolve;
  });
  const { web, control } = bothApps({
    async render() {
      calls += 1;
      first();
      return buffer.fill(`${calls}`);
    },
  });
  await Promise.all([web.ready(), control.ready()]);
  const headers = { 'accept-encoding': 'gzip' };
  const one = web.inject({ url: '/metrics', headers }).then(({ rawPayload }) => rawPayload);
  await firstCall;
  await new Promise((resolve) => setImmediate(resolve));
  const two = control.inject({ url: '/v1/metrics', headers }).then(({ rawPayload }) => rawPayload);
  expect(gunzipSync(await one).equals(Buffer.alloc(buffer.length, '1'))).toBe(true);
  // The second joins the first, or comes after it.
  expect(gunzipSync(await two).equals(Buffer.alloc(buffer.length, `${calls}`))).toBe(true);
});

import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp, type WebParts } from '../../src/http/app.js';
import { EVENTS_KEPT, type EventHistory, type NodeEvent } from '../../src/model/event.js';
import type { NodeState } from '../../src/model/node-state.js';
import { pciFunction } from '../pci-function.js';
import { finding, fullState, gpu, runningState } from './node-states.js';

let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

function build(state: NodeState = fullState(), parts: Partial<WebParts> = {}): FastifyInstance {
  app = buildWebApp({
    source: { current: () => state },
    metrics: { render: async () => Buffer.from('x 1\n') },
    maxRequests: 2,
    telemetryPath: '/metrics',
    log: undefined,
    ...parts,
  });
  return app;
}

const event = (id: string, atUnixSeconds: number, changes: Partial<NodeEvent> = {}): NodeEvent => ({
  id,
  atUnixSeconds,
  source: 'nvml',
  logText: undefined,
  pid: undefined,
  processName: undefined,
  kind: 'xid',
  gpuUuid: gpu(0).uuid,
  gpuIndex: 0,
  code: 79,
  gpuInstance: undefined,
  computeInstance: undefined,
  text: 'XID 79: GPU fell off the PCIe bus',
  ...changes,
});

describe('a query', () => {
  it.each([
    ['/api/v1/node?gpu=0', '"gpu" is no key of this query; this path takes none.'],
    ['/api/v1/gpus/0?full=1', '"full" is no key of this query; this path takes none.'],
    ['/api/v1/gpus?mg=true', '"mg" is no key of this query; accepted are: condition, mig, workload, limit.'],
    ['/api/v1/gpus?mig=yes', 'mig: expected true or false; got "yes".'],
    ['/api/v1/processes?limit=0', 'limit: expected a whole number from 1 to 10000; got 0.'],
    ['/api/v1/processes?limit=1.5', 'limit: expected a whole number from 1 to 10000; got 1.5.'],
    ['/api/v1/processes?limit=1&limit=2', 'limit: given more than once.'],
    ['/api/v1/processes?__proto__=1', '"__proto__" is no key of this query; accepted are: '],
    ['/api/v1/findings?severity=bad', 'severity: expected one of info, warning, critical; got "bad".'],
    ['/api/v1/events?since=yesterday', 'since: expected a number from 0 on; got "yesterday".'],
    ['/api/v1/partitions?kin=mig', '"kin" is no key of this query; accepted are: '],
  ])('%s is refused with what would be taken', async (url, detail) => {
    const answer = await build().inject(url);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      400,
      expect.stringMatching(/^application\/problem\+json\b/),
    ]);
    expect(answer.json()).toMatchObject({ code: 'request_invalid', detail: expect.stringContaining(detail) });
  });

  it('for a GPU that is not there is refused with those that are', async () => {
    const answer = await build().inject('/api/v1/processes?gpu=9');
    expect([answer.statusCode, answer.json().detail]).toEqual([404, 'No GPU is called "9"; indices are: 0, 1.']);
  });

  it('for a function of the bus that the driver does not see says why, and where to look', async () => {
    const given = pciFunction('0000:bd:00.0', { driver: 'vfio-pci' });
    const answer = await build(runningState({ pci: [given] })).inject('/api/v1/gpus/BD:00.0');
    expect([answer.statusCode, answer.json().detail, answer.json().nextStep]).toEqual([
      404,
      'The driver reports no GPU at 0000:bd:00.0; what is there it does not see: the kernel driver vfio-pci has it.',
      'What the bus tells of it: /api/v1/pci?gpu=0000:bd:00.0',
    ]);
  });

  it('for a start of a UUID that several have says which', async () => {
    const answer = await build().inject('/api/v1/gpus/GPU-0000');
    expect([answer.statusCode, answer.json().detail]).toEqual([
      404,
      expect.stringMatching(/^"GPU-0000" may be any of 2 GPUs: 0 \(GPU-.*\), 1 \(GPU-.*\)\.$/),
    ]);
  });
});

describe('events', () => {
  const heard = runningState({
    events: [
      event('a', 1_799_999_000),
      event('b', 1_799_999_100, { gpuIndex: 1, gpuUuid: gpu(1).uuid, code: 13 }),
      event('c', 1_799_999_100, { kind: 'mig_config_change', code: undefined }),
      event('d', 1_799_999_200, { gpuIndex: 5, gpuUuid: 'GPU-gone0000' }),
    ],
  });
  const ids = async (query: string) =>
    (await build(heard).inject(`/api/v1/events${query}`)).json().events.map(({ id }: { id: string }) => id);

  it.each([
    ['', ['d', 'c', 'b', 'a']],
    ['?limit=2', ['d', 'c']],
    ['?since=1799999100', ['d', 'c', 'b']],
    ['?since=1799999100.5', ['d']],
    ['?kind=xid', ['d', 'b', 'a']],
    ['?code=13', ['b']],
    ['?gpu=0', ['c', 'a']],
    [`?gpu=${gpu(1).uuid}`, ['b']],
    ['?gpu=GPU-gone', ['d']],
    ['?gpu=7', []],
  ])('%s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('say how many there are and from when on none was forgotten', async () => {
    const few = (await build(heard).inject('/api/v1/events?limit=1')).json();
    expect(few).toMatchObject({ total: 4, keptSinceUnixSeconds: heard.agent.startedUnixSeconds, lost: 0 });
    await app?.close();
    const many = Array.from({ length: EVENTS_KEPT }, (_, index) => event(`e${index}`, 1_799_990_500 + index));
    const full = (await build(runningState({ events: many })).inject('/api/v1/events')).json();
    expect(full).toMatchObject({ total: EVENTS_KEPT, keptSinceUnixSeconds: 1_799_990_500 });
  });

  it('come from another history where there is one', async () => {
    const asked: unknown[] = [];
    const events: EventHistory = {
      async find(query) {
        asked.push(query);
        return { events: [event('old', 5)], total: 1, keptSinceUnixSeconds: 1 };
      },
    };
    const answer = await build(heard, { events }).inject('/api/v1/events?kind=xid&limit=7');
    expect(answer.json()).toMatchObject({ events: [{ id: 'old' }], keptSinceUnixSeconds: 1 });
    expect(asked).toEqual([{ sinceUnixSeconds: undefined, kind: 'xid', gpu: undefined, code: undefined, limit: 7 }]);
  });
});

it('findings are sorted from the worst and filtered by severity, code, subject and GPU', async () => {
  const state = runningState({
    findings: [
      finding({ code: 'sampler_limit', severity: 'info', subject: { kind: 'agent', id: 'sampler' } }),
      finding({ code: 'gpu_lost', subject: { kind: 'gpu', id: gpu(1).uuid as string } }),
      finding(),
    ],
  });
  const codes = async (query: string) =>
    (await build(state).inject(`/api/v1/findings${query}`)).json().findings.map(({ code }: { code: string }) => code);
  expect(await codes('')).toEqual(['gpu_call_stuck', 'gpu_lost', 'sampler_limit']);
  expect(await codes('?severity=info')).toEqual(['sampler_limit']);
  expect(await codes('?code=gpu_lost')).toEqual(['gpu_lost']);
  expect(await codes('?subject=gpu&limit=1')).toEqual(['gpu_call_stuck']);
  expect(await codes('?gpu=1')).toEqual(['gpu_lost']);
});

describe('methods of the new paths', () => {
  const paths = ['/api/v1/processes', '/api/v1/events', '/api/v1/pci', '/api/v1/findings'];

  it.each(paths)('%s answers HEAD and refuses what it does not know', async (url) => {
    const built = build();
    const head = await built.inject({ method: 'HEAD', url });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    for (const method of ['POST', 'DELETE', 'OPTIONS'] as const) {
      const answer = await built.inject({ method, url });
      expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });
});

describe('requests to the API at the same time', () => {
  it('are refused above the limit with the time to wait, while metrics and health answer', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const events: EventHistory = {
      find: () => gate.then(() => ({ events: [], total: 0, keptSinceUnixSeconds: 0 })),
    };
    const built = build(fullState(), { events });
    await built.ready();
    const waiting = [built.inject('/api/v1/events'), built.inject('/api/v1/events')];
    await new Promise((resolve) => setImmediate(resolve));
    const refused = await built.inject('/api/v1/gpus');
    expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([
      503,
      'too_many_requests',
      '1',
    ]);
    for (const url of ['/metrics', '/healthz', '/-/ready', '/']) {
      expect((await built.inject(url)).statusCode, url).toBe(200);
    }
    release();
    expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await built.inject('/api/v1/gpus')).statusCode).toBe(200);
  });
});

import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import type { MetricsSource } from '../../src/http/scrape.js';
import type { MetricsFilter } from '../../src/model/metrics-filter.js';
import type { NodeState } from '../../src/model/node-state.js';
import { runningState } from './node-states.js';

let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const asked: (MetricsFilter | undefined)[] = [];

function build(state: NodeState = runningState(), metrics: Partial<MetricsSource> = {}): FastifyInstance {
  asked.length = 0;
  app = buildWebApp({
    source: { current: () => state },
    metrics: {
      render: async (_format, filter) => {
        asked.push(filter);
        return Buffer.from('x 1\n');
      },
      whyNot: (name) => (name.startsWith('gpu_') ? undefined : `no family is named ${name}`),
      ...metrics,
    },
    maxRequests: 40,
    telemetryPath: '/metrics',
    log: undefined,
  });
  return app;
}

describe('the query of /metrics', () => {
  it.each([
    ['', {}],
    ['?collect[]=nvml', { collect: ['nvml'] }],
    ['?collect[]=pci&collect[]=nvml&collect[]=pci', { collect: ['nvml', 'pci'] }],
    ['?collect%5B%5D=hami', { collect: ['hami'] }],
    ['?exclude[]=hami&exclude[]=processes', { exclude: ['hami', 'processes'] }],
    ['?name[]=gpu_up&name[]=gpu_info', { names: ['gpu_info', 'gpu_up'] }],
    ['?collect[]=nvml&name[]=gpu_up', { collect: ['nvml'], names: ['gpu_up'] }],
  ])('%s', async (query, filter) => {
    const answer = await build().inject(`/metrics${query}`);
    expect(answer.statusCode).toBe(200);
    const { collect, exclude, names } = { collect: undefined, exclude: undefined, names: undefined, ...filter };
    expect(asked).toEqual([{ collect, exclude, names }]);
  });

  it.each([
    ['?collect[]=gpu', 'collect[]: expected one of nvml, pci, hami, processes, kmsg; got "gpu".'],
    ['?collect[]=nvml&exclude[]=pci', 'collect[] and exclude[] exclude each other.'],
    ['?collect=nvml', '"collect" is no key of this query; accepted are: collect[], exclude[], name[].'],
    ['?name[]=up', 'name[]: no family is named up'],
    ['?collect[]=hami', 'collect[]: hami is switched off (--collector.hami=false).'],
  ])('%s is refused', async (query, detail) => {
    const answer = await build(runningState({ switchedOff: ['hami'] })).inject(`/metrics${query}`);
    expect([answer.statusCode, answer.json().code, answer.json().detail]).toEqual([400, 'request_invalid', detail]);
    expect(asked).toEqual([]);
  });
});

it('scrapes that want the same share one gather, in whatever order they say it', async () => {
  const built = build(runningState(), {
    render: async (_format, filter) => {
      asked.push(filter);
      await new Promise((resolve) => setImmediate(resolve));
      return Buffer.from('x 1\n');
    },
  });
  await built.ready();
  await Promise.all([
    built.inject('/metrics?collect[]=nvml&collect[]=pci'),
    built.inject('/metrics?collect[]=pci&collect[]=nvml'),
    built.inject('/metrics'),
    built.inject('/metrics'),
  ]);
  expect(asked).toHaveLength(2);
});

it('a refusal at the limit says when to ask again', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const built = build(runningState(), { render: () => gate.then(() => Buffer.from('x 1\n')) });
  await built.ready();
  const waiting = Array.from({ length: 40 }, () => built.inject('/metrics'));
  await new Promise((resolve) => setImmediate(resolve));
  const refused = await built.inject('/metrics');
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
  expect((await built.inject('/api/v1/gpus')).statusCode).toBe(200);
  release();
  await Promise.all(waiting);
});

import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAKEN_PATHS } from '../../src/config/load.js';
import { buildControlApp, buildWebApp } from '../../src/http/app.js';
import { PROBLEMS } from '../../src/http/problem.js';
import type { ControlActions } from '../../src/model/control.js';
import type { NodeState } from '../../src/model/node-state.js';
import { fullState, podWorkload, runningState, startingState } from './node-states.js';

let state: NodeState = runningState();
const parts = {
  source: { current: () => state },
  metrics: { render: async () => Buffer.from('x 1\n') },
  maxRequests: 4,
  log: undefined,
};
const [stuckCall] = fullState().sampling.stuckCalls;
const control: ControlActions = {
  release: async () => ({
    gpu: 'all',
    free: false,
    remaining: [{ pid: 1, tid: 2, path: '/dev/nvidia0', call: stuckCall }],
    untilUnixSeconds: 5,
    tookSeconds: 1,
  }),
  resume: async () => ({ resumed: ['all'], stillReleased: [] }),
  forget: () => Promise.reject(new Error('not asked for here')),
  holders: async () => [{ pid: 1, role: 'other', paths: ['/dev/nvidia0'], handles: 1, workload: podWorkload() }],
};

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

const registered: { method: string; url: string }[] = [];
const registeredOnSocket: { method: string; url: string }[] = [];
let app: FastifyInstance;
let controlApp: FastifyInstance;
let description: OpenApi;
beforeAll(async () => {
  app = buildWebApp({ ...parts, telemetryPath: '/metrics' });
  app.addHook('onRoute', ({ method, url }) => void registered.push({ method: String(method), url }));
  controlApp = buildControlApp({ ...parts, control });
  await controlApp.ready();
  for (const line of controlApp.printRoutes({ commonPrefix: false }).split('\n')) {
    const route = /(\/\S*) \(([A-Z, ]+)\)/.exec(line);
    const method = route?.[2]?.split(', ')[0];
    if (route !== null && method !== undefined) registeredOnSocket.push({ method, url: route[1] as string });
  }
  await app.ready();
  description = (await app.inject('/openapi.json')).json();
});
afterAll(async () => {
  await app.close();
  await controlApp.close();
});

/** The schema of an answer, with what it refers to. */
function validatorOf(path: string, status: number) {
  const schema = description.paths[path]?.get?.responses[status]?.content?.['application/json']?.schema;
  if (schema === undefined) throw new Error(`${path} has no schema for ${status}`);
  return Schema.Compile({ ...schema, components: description.components });
}

describe('/openapi.json', () => {
  it('describes every route and nothing else', () => {
    const described = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = registered
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    expect(described.sort()).toEqual([...new Set(routes)].sort());
    expect(described.length).toBeGreaterThan(10);
  });

  it('is OpenAPI 3.1 with unique operations, each with a summary and answers', () => {
    expect(description.openapi).toBe('3.1.0');
    const operations = Object.values(description.paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, summary, responses } of operations) {
      expect([operationId, summary], operationId).not.toContain(undefined);
      expect(Object.keys(responses), operationId).toContain('200');
    }
  });

  it('has every schema it refers to, and refers to every schema it has', () => {
    const text = JSON.stringify(description);
    const references = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference));
    const names = Object.keys(description.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...references].sort()).toEqual(names.sort());
    expect(text).not.toMatch(/~kind|~optional|~unsafe/);
  });
});

it('the settings know every path that the metrics may not have', () => {
  const own = Object.keys(description.paths).filter((path) => path !== '/metrics' && !path.startsWith('/api/'));
  expect([...TAKEN_PATHS].sort()).toEqual(own.sort());
});

describe('answers fit their schemas', () => {
  it.each([
    ['everything said once', fullState],
    ['a usual node', runningState],
    ['a node that starts', startingState],
  ])('%s', async (_name, make) => {
    state = make();
    for (const path of ['/api/v1/node', '/api/v1/gpus', '/api/v1/partitions', '/healthz', '/-/healthy']) {
      const answer = (await app.inject(path)).json();
      const validator = validatorOf(path, 200);
      expect(validator.Errors(answer), path).toEqual([true, []]);
    }
    for (const { index } of state.gpus) {
      const answer = (await app.inject(`/api/v1/gpus/${index}`)).json();
      expect(validatorOf('/api/v1/gpus/{id}', 200).Errors(answer)).toEqual([true, []]);
    }
    state = runningState();
  });

  it('and the schemas are closed: a key they do not have is refused', async () => {
    const answer = (await app.inject('/api/v1/node')).json();
    const validator = validatorOf('/api/v1/node', 200);
    expect(validator.Check({ ...answer, surprise: 1 })).toBe(false);
    expect(validator.Check({ ...answer, gpus: [{ ...answer.gpus[0], readings: { power_wats: 1 } }] })).toBe(false);
  });
});

describe('docs/api.md', () => {
  const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

  it('lists every route of both apps and no other', () => {
    const listed = [...text.matchAll(/^\| `(GET|POST) ([^`?]+)[^`]*` \|/gm)].map(
      ([, method, path]) => `${method} ${path}`,
    );
    const routes = [...registered, ...registeredOnSocket]
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url}`);
    expect(listed.sort()).toEqual([...new Set(routes)].sort());
  });

  it('lists every problem code with its status, and no other', () => {
    const listed = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`);
    expect(listed.sort()).toEqual(
      Object.entries(PROBLEMS)
        .map(([code, [status]]) => `${code} ${status}`)
        .sort(),
    );
  });
});

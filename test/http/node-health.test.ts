import { afterAll, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import type { NodeHealth } from '../../src/model/node-health.js';
import { finding, gpu, runningState } from './node-states.js';

const GPU_0 = 'GPU-00000000-0000-0000-0000-000000000000';
const HEALTH: NodeHealth = {
  node: { status: 'unhealthy', action: 'drain', because: ['gpu_call_stuck'] },
  gpus: [
    { id: GPU_0, status: 'unhealthy', action: 'drain', because: ['gpu_call_stuck'] },
    { id: 'GPU-gone', status: 'unhealthy', action: 'check_hardware', because: ['gpu_missing'] },
  ],
  partitions: [{ id: GPU_0, status: 'unhealthy', action: 'drain', because: ['gpu_call_stuck'] }],
  raisedByCode: { gpu_call_stuck: 1 },
  changes: [],
};
const FINDINGS = [
  finding(),
  finding({ code: 'gpu_missing', subject: { kind: 'gpu', id: 'GPU-gone' } }),
  finding({ code: 'muted_one', severity: 'info', mutedBy: 'health.mute: muted_one' }),
];
const state = runningState({ gpus: [gpu(0)], health: HEALTH, findings: FINDINGS });
const app = buildWebApp({
  source: { current: () => state },
  metrics: { render: async () => Buffer.from('x 1\n') },
  maxRequests: 2,
  telemetryPath: '/metrics',
  log: undefined,
});
afterAll(() => app.close());

const ask = async (query = '') => {
  const response = await app.inject(`/api/v1/health${query}`);
  return { status: response.statusCode, body: response.json() };
};
const codes = (body: { findings: { code: string }[] }) => body.findings.map(({ code }) => code);

describe('the health of a node', () => {
  it('is told with verdict, action, what makes it so, and how much is muted', async () => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: 'node', ...HEALTH.node, gpus: HEALTH.gpus, muted: 1 });
    expect(codes(body)).toEqual(['gpu_call_stuck', 'gpu_missing', 'muted_one']);
  });

  it('of one GPU has that GPU alone, by any of its names', async () => {
    const { body } = await ask('?gpu=0');
    expect(body).toMatchObject({ subject: GPU_0, status: 'unhealthy', gpus: [HEALTH.gpus[0]] });
    expect(codes(body)).toEqual(['gpu_call_stuck', 'muted_one']);
  });

  it('of a GPU that is missing is told to those who ask for its UUID', async () => {
    const { body } = await ask('?gpu=GPU-gone');
    expect(body).toMatchObject({ subject: 'GPU-gone', action: 'check_hardware' });
    expect(codes(body)).toEqual(['gpu_missing']);
  });

  it('leaves findings below a severity out, and counts them in the verdict all the same', async () => {
    const { body } = await ask('?severity=critical');
    expect(body.status).toBe('unhealthy');
    expect(codes(body)).toEqual(['gpu_call_stuck', 'gpu_missing']);
  });

  it('fails with a status on the verdicts that the query names, and on no other', async () => {
    expect((await ask('?fail_on=unhealthy')).status).toBe(503);
    expect((await ask('?fail_on=unknown&fail_on=unhealthy&fail_status=500')).status).toBe(500);
    expect((await ask('?fail_on=degraded')).status).toBe(200);
    expect((await ask('?fail_on=unhealthy')).body.subject).toBe('node');
  });

  it.each([
    ['?fail_on=bad', 400, 'request_invalid'],
    ['?fail_on=unhealthy&fail_status=200', 400, 'request_invalid'],
    ['?gpu=77', 404, 'gpu_unknown'],
    ['?partition=nothing', 404, 'partition_unknown'],
  ])('refuses %s', async (query, status, code) => {
    const answer = await ask(query);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code });
  });
});

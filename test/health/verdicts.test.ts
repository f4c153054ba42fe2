import { describe, expect, it } from 'vitest';
import type { Judged } from '../../src/health/rule.js';
import { verdictsOf } from '../../src/health/verdicts.js';
import type { Finding } from '../../src/model/finding.js';
import type { Partition } from '../../src/model/partition.js';
import { gpu, WELL } from './judged.js';

const finding = (change: Partial<Finding>): Finding => ({
  code: 'some_code',
  severity: 'warning',
  subject: { kind: 'gpu', id: 'GPU-0' },
  sinceUnixSeconds: 0,
  condition: 'present',
  flapping: undefined,
  mutedBy: undefined,
  reason: '',
  evidence: {},
  action: 'watch',
  nextStep: '',
  docs: '',
  ...change,
});
const part = (id: string, gpuIndex: number | undefined) =>
  ({ id, gpuIndex, gpuUuid: gpuIndex === undefined ? undefined : `GPU-${gpuIndex}` }) as Partition;
const statuses = (state: Judged, findings: readonly Finding[]) => {
  const { node, gpus } = verdictsOf(state, findings);
  return [node.status, ...gpus.map(({ status }) => status)];
};

describe('verdicts', () => {
  it('are healthy without findings, and with findings that are only good to know', () => {
    expect(statuses(WELL, [])).toEqual(['healthy', 'healthy', 'healthy']);
    expect(statuses(WELL, [finding({ severity: 'info' })])).toEqual(['healthy', 'healthy', 'healthy']);
  });

  it('follow the worst finding of a GPU, and the node follows its worst GPU', () => {
    expect(statuses(WELL, [finding({})])).toEqual(['degraded', 'degraded', 'healthy']);
    const both = [finding({}), finding({ code: 'worse', severity: 'critical', action: 'reset_gpu' })];
    expect(statuses(WELL, both)).toEqual(['unhealthy', 'unhealthy', 'healthy']);
    expect(verdictsOf(WELL, both).node).toEqual({
      status: 'unhealthy',
      action: 'reset_gpu',
      because: ['worse', 'some_code'],
    });
  });

  it('are unknown, never healthy, for a GPU that is not read', () => {
    for (const condition of ['attaching', 'stale', 'excluded'] as const) {
      const state = { ...WELL, gpus: [gpu(0, condition), gpu(1, 'up')] };
      expect(statuses(state, [])).toEqual(['unknown', 'unknown', 'healthy']);
    }
    const hangs = { ...WELL, gpus: [gpu(0, 'stuck'), gpu(1, 'up')] };
    expect(statuses(hangs, [finding({ severity: 'critical' })])).toEqual(['unhealthy', 'unhealthy', 'healthy']);
  });

  it('are unknown for the node while its agent cannot see, and healthy where there is no GPU to see', () => {
    const blind = finding({ subject: { kind: 'agent', id: 'sampler' }, severity: 'critical' });
    expect(statuses(WELL, [blind])[0]).toBe('unknown');
    const starting = { ...WELL, gpus: [], driver: { ...WELL.driver, state: 'starting' as const } };
    expect(statuses(starting, [])).toEqual(['unknown']);
    const none = { ...WELL, gpus: [], driver: { ...WELL.driver, state: 'library_missing' as const } };
    expect(statuses(none, [finding({ severity: 'info', subject: { kind: 'node', id: 'driver' } })])).toEqual([
      'healthy',
    ]);
  });

  it('of every GPU follow what befalls the whole driver', () => {
    const stalled = finding({ severity: 'critical', subject: { kind: 'node', id: 'driver' }, action: 'reboot_node' });
    expect(statuses(WELL, [stalled])).toEqual(['unhealthy', 'unhealthy', 'unhealthy']);
  });

  it('are given to a GPU that is missing', () => {
    const missing = finding({ severity: 'critical', subject: { kind: 'gpu', id: 'GPU-9' } });
    expect(verdictsOf(WELL, [missing]).gpus.at(-1)).toMatchObject({ id: 'GPU-9', status: 'unhealthy' });
  });

  it('of a partition are those of its GPU and its own, whichever is worse', () => {
    const state = { ...WELL, partitions: [part('a', 0), part('b', 1), part('c', undefined)] };
    const own = finding({ severity: 'critical', code: 'of_part', subject: { kind: 'partition', id: 'b' } });
    expect(verdictsOf(state, [finding({}), own]).partitions).toEqual([
      { id: 'a', status: 'degraded', action: 'watch', because: ['some_code'] },
      { id: 'b', status: 'unhealthy', action: 'watch', because: ['of_part'] },
      { id: 'c', status: 'unknown', action: 'none', because: ['its GPU is not read here'] },
    ]);
  });

  it('do not count what is muted', () => {
    const muted = finding({ severity: 'critical', mutedBy: 'health.mute: some_code' });
    expect(statuses(WELL, [muted])).toEqual(['healthy', 'healthy', 'healthy']);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NOT_JUDGED, type Verdict } from '../../src/model/node-health.js';
import { finding, gpu, runningState, startingState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

const run = mkdtempSync(join(tmpdir(), 'gna-health-'));
afterAll(() => rmSync(run, { recursive: true, force: true }));
const alone = [`--path.run=${run}`, '--web.listen-address=127.0.0.1:0'];

const GPU_0 = 'GPU-00000000-0000-0000-0000-000000000000';
const judged = (verdict: Verdict, findings = [finding()]) =>
  runningState({
    gpus: [gpu(0)],
    findings,
    health: { ...NOT_JUDGED, node: verdict, gpus: [{ id: GPU_0, ...verdict }] },
  });
const UNWELL = judged({ status: 'unhealthy', action: 'drain', because: ['gpu_call_stuck'] });
const WELL = judged({ status: 'healthy', action: 'none', because: [] }, []);
const health = (state: ReturnType<typeof judged>, ...flags: readonly string[]) =>
  runCommand(['health', ...alone, ...flags], { state });

describe('health', () => {
  it('says verdict, finding and next step, and fails as a monitoring plugin does', async () => {
    const { out, code } = await health(UNWELL);
    expect(code).toBe(2);
    expect(out).toContain('unhealthy: GPU 0 has not answered nvmlDeviceGetPowerUsage for 61 seconds → drain\n');
    expect(out.replace(/\s+/g, ' ')).toContain('(gpu_call_stuck, for 16 min)');
    expect(out).toContain('→ Drain the node, then reset GPU 0.');
  });

  it.each([
    ['healthy', 0],
    ['degraded', 1],
    ['unhealthy', 2],
    ['unknown', 3],
  ] as const)('that is %s ends with %i', async (status, code) => {
    const state = judged({ status, action: 'none', because: ['why'] }, []);
    expect((await health(state)).code).toBe(code);
    expect((await health(state, '--format=nagios')).code).toBe(code);
  });

  it('is unknown while the driver has said nothing', async () => {
    const { out, code } = await health(startingState(), '--format=line');
    expect(code).toBe(3);
    expect(out).toMatch(/^unknown: /);
  });

  it('tells Nagios in one line with figures behind a single bar', async () => {
    const piped = judged(UNWELL.health.node, [finding({ reason: 'a | b.' })]);
    expect((await health(piped, '--format=nagios')).out).toBe(
      'GPU CRITICAL - unhealthy: a / b → drain | gpus=1 healthy=0 degraded=0 unhealthy=1 unknown=0\n',
    );
  });

  it('tells node-problem-detector in at most 80 bytes', async () => {
    const because = Array.from({ length: 40 }, (_, index) => `finding_${index}`);
    const { out, code } = await health(
      judged({ status: 'unhealthy', action: 'drain', because }),
      '--format=node-problem-detector',
    );
    expect(code).toBe(1);
    expect(Buffer.byteLength(out.trimEnd())).toBeLessThanOrEqual(80);
    expect((await health(WELL, '--format=node-problem-detector')).code).toBe(0);
  });

  it('gives Slurm a reason to drain, and none where nobody can tell', async () => {
    const drained = await health(UNWELL, '--format=slurm');
    expect(drained.out).toBe('gpu-node-agent: gpu_call_stuck on GPU 0 (drain)\n');
    expect(drained.code).toBe(1);
    const unknown = judged({ status: 'unknown', action: 'none', because: ['stale'] }, []);
    const left = await health(unknown, '--format=slurm');
    expect([left.out, left.code]).toEqual(['', 0]);
  });

  it('of one GPU leaves out what is about others', async () => {
    const other = finding({ code: 'of_another', subject: { kind: 'gpu', id: 'GPU-gone' } });
    const state = judged(UNWELL.health.node, [finding(), other]);
    const { out } = await health(state, '0');
    expect(out).toContain('gpu_call_stuck');
    expect(out).not.toContain('of_another');
  });

  it('says what is muted, gone for now, or comes and goes', async () => {
    const odd = [
      finding({ mutedBy: 'health.mute: gpu_call_stuck' }),
      finding({ code: 'second', condition: 'unseen' }),
      finding({ code: 'third', condition: 'clearing', flapping: 4 }),
    ];
    const { out } = await health(judged(WELL.health.node, odd));
    const text = out.replace(/\s+/g, ' ');
    expect(text).toContain('muted by health.mute: gpu_call_stuck');
    expect(text).toContain('second, for 16 min, not seen now');
    expect(text).toContain('gone, ends when that lasts, comes and goes: 4 times in 15 min');
  });

  it('takes a wrong command line for unknown, not for critical', async () => {
    for (const wrong of [['--format=xml'], ['--no-such-flag'], ['0', '1']]) {
      expect((await health(UNWELL, ...wrong)).code).toBe(3);
    }
  });

  it('has everything in JSON', async () => {
    const { out } = await health(UNWELL, '--json');
    expect(JSON.parse(out)).toMatchObject({
      status: 'unhealthy',
      action: 'drain',
      findings: [{ code: 'gpu_call_stuck' }],
    });
  });
});

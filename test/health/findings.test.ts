import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/health/catalogue.js';
import { Findings } from '../../src/health/findings.js';
import type { Judged } from '../../src/health/rule.js';
import type { StuckCall } from '../../src/model/node-state.js';
import { pciFunction } from '../pci-function.js';
import { NO_ROUNDS } from '../rounds.js';
import { call, gpu, WELL } from './judged.js';

const withCalls = (stuckCalls: readonly StuckCall[], gpus = WELL.gpus): Judged => ({
  ...WELL,
  gpus,
  sampling: { ...WELL.sampling, stuckCalls },
  callsInForce: stuckCalls,
});

const judge = (state: Judged) => new Findings().judge(state).findings;
const codes = (state: Judged) => judge(state).map(({ code }) => code);

describe('findings', () => {
  it('are none on a node that is well', () => {
    expect(codes(WELL)).toEqual([]);
  });

  it('miss a GPU that this node is known to have', () => {
    const gone = { uuid: 'GPU-2', busId: 'b', barSizesBytes: {}, firstSeenUnixSeconds: 10 };
    const unknown = { serial: undefined, name: undefined, linkWidthLanes: undefined, linkGenerationMax: undefined };
    const baseline = { gpus: [{ ...gone, ...unknown, nvlinks: undefined }], notKept: undefined };
    const looked = {
      name: 'pci',
      ok: true,
      lastAnswerUnixSeconds: 999,
      durationSeconds: 0,
      message: undefined,
      rounds: NO_ROUNDS,
    };
    const sources = [looked];
    expect(codes({ ...WELL, baseline })).toEqual([]);
    expect(codes({ ...WELL, baseline, switchedOff: ['pci'] })).toEqual(['gpu_missing']);
    expect(judge({ ...WELL, baseline, sources })).toMatchObject([
      { code: 'gpu_missing', severity: 'critical', subject: { kind: 'gpu', id: 'GPU-2' }, action: 'check_hardware' },
    ]);
    expect(codes({ ...WELL, baseline, sources, pci: [pciFunction('b', { driver: 'vfio-pci' })] })).toEqual([]);
    expect(codes({ ...WELL, baseline, sources, driver: { ...WELL.driver, state: 'starting' } })).toEqual([]);
  });

  it('name one stuck call per GPU, the longest, with its evidence', () => {
    const state = withCalls(
      [call({ seconds: 3 }), call({ seconds: 40, samplerPid: 78 })],
      [gpu(0, 'stuck'), gpu(1, 'up')],
    );
    const [finding, ...others] = judge(state);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: 'gpu_call_stuck',
      severity: 'critical',
      subject: { kind: 'gpu', id: 'GPU-0' },
      sinceUnixSeconds: 960,
      evidence: { function: 'nvmlDeviceGetPowerUsage', sampler_pid: 78, wchan: 'rwsem_down_read', thread_state: 'D' },
    });
  });

  it('say once that the whole driver hangs, not once per GPU', () => {
    const both = [call({}), call({ gpuIndex: 1, gpuUuid: 'GPU-1', seconds: 14 })];
    expect(codes(withCalls(both, [gpu(0, 'stuck'), gpu(1, 'stuck')]))).toEqual(['driver_stalled']);
    const init = [call({ lane: 'control', gpuIndex: undefined, gpuUuid: undefined, function: 'nvmlInitWithFlags' })];
    expect(codes(withCalls(init, []))).toEqual(['driver_stalled']);
    expect(codes(withCalls(init, [gpu(0, 'attaching'), gpu(1, 'stale')]))).toEqual(['driver_stalled']);
  });

  it('do not say that the driver answers no call while GPUs are read beside a call of no GPU that hangs', () => {
    const count = call({ lane: 'control', gpuIndex: undefined, gpuUuid: undefined, function: 'nvmlDeviceGetCount_v2' });
    const [finding, ...others] = judge(withCalls([count], [gpu(0, 'up'), gpu(1, 'lost')]));
    expect(others.map(({ code }) => code)).toEqual(['gpu_lost']);
    expect(finding).toMatchObject({
      code: 'gpu_call_stuck',
      subject: { kind: 'node', id: 'control' },
      evidence: { function: 'nvmlDeviceGetCount_v2' },
      nextStep: expect.stringContaining('the GPUs are still read'),
    });
  });

  it('are none for calls of a sampler whose successor reads everything', () => {
    const asleep = [call({}), call({ gpuIndex: 1, gpuUuid: 'GPU-1' })];
    expect(codes({ ...withCalls(asleep), callsInForce: [] })).toEqual([]);
  });

  it('name the call that a successor waits in before it is shown, without calling the driver stalled', () => {
    const init = call({ samplerPid: 90, lane: 'control', gpuIndex: undefined, gpuUuid: undefined });
    const processes = [{ pid: 90, generation: 2, role: 'starting' as const, excluded: [], startedUnixSeconds: 990 }];
    const sampling = { ...WELL.sampling, stuckCalls: [init], processes };
    expect(codes({ ...WELL, sampling })).toEqual(['gpu_call_stuck']);
  });

  it('do not call the driver stalled for one GPU that hangs and one that is lost', () => {
    const state = withCalls([call({})], [gpu(0, 'stuck'), gpu(1, 'lost')]);
    expect(codes(state).sort()).toEqual(['gpu_call_stuck', 'gpu_lost']);
  });

  it('hold on to a stuck GPU while it is left out, and tell when it is tried again', () => {
    const setAside = [
      {
        gpu: { index: 0, uuid: 'GPU-0', pciBusId: undefined },
        sinceUnixSeconds: 970,
        againUnixSeconds: 1012,
        lastCall: call({ seconds: 2 }),
      },
    ];
    const [finding] = judge({ ...WELL, gpus: [gpu(0, 'stuck'), gpu(1, 'up')], setAside });
    expect(finding).toMatchObject({
      code: 'gpu_call_stuck',
      sinceUnixSeconds: 970,
      evidence: { function: 'nvmlDeviceGetPowerUsage', again_in_seconds: 12 },
    });
    expect(codes({ ...withCalls([call({})], [gpu(0, 'stuck'), gpu(1, 'up')]), setAside })).toEqual(['gpu_call_stuck']);
  });

  it('name a GPU that is left out only because nobody can tell it from one that is to be left alone', () => {
    const sampling = { ...WELL.sampling, released: [{ gpu: 'GPU-7', untilUnixSeconds: undefined }] };
    const setAside = [
      {
        gpu: { index: undefined, uuid: undefined, pciBusId: '0000:9b:00.0' },
        sinceUnixSeconds: 970,
        againUnixSeconds: 1012,
        lastCall: undefined,
      },
    ];
    const nameless = { ...gpu(1, 'excluded'), uuid: undefined };
    const state = { ...WELL, sampling, setAside, gpus: [gpu(0, 'up'), nameless], indexesInDoubt: [1] };
    const findings = judge(state);
    expect(findings.map(({ code }) => code)).toEqual(['gpu_call_stuck', 'gpu_left_out_in_doubt']);
    expect(findings[1]).toMatchObject({
      severity: 'warning',
      subject: { kind: 'gpu', id: '1' },
      evidence: { gpu_index: 1, may_be: 'GPU-7 0000:9b:00.0', driver_gpus: 2 },
    });
    expect(findings[1]?.nextStep).toContain('gpu-node-agent resume --gpu');
    // Certainly left out, read, or everything handed back: nobody is in doubt.
    expect(codes({ ...state, setAside: [], indexesInDoubt: [] })).toEqual([]);
    expect(codes({ ...state, setAside: [], gpus: [gpu(0, 'up'), gpu(1, 'up')] })).toEqual([]);
    const all = { ...WELL.sampling, released: [{ gpu: 'all', untilUnixSeconds: undefined }] };
    expect(codes({ ...state, setAside: [], sampling: all })).toEqual([]);
  });

  it('raise a slow call from information to a warning after half a minute', () => {
    const severity = (seconds: number) => judge(withCalls([call({ verdict: 'slow', seconds })]))[0]?.severity;
    expect(severity(5)).toBe('info');
    expect(severity(31)).toBe('warning');
  });

  it('remember since when they hold, and forget it when they do not', () => {
    const findings = new Findings();
    const lost = (atUnixSeconds: number): Judged => ({ ...WELL, atUnixSeconds, gpus: [gpu(0, 'lost')] });
    expect(findings.judge(lost(1000)).findings[0]?.sinceUnixSeconds).toBe(1000);
    expect(findings.judge(lost(1010)).findings[0]?.sinceUnixSeconds).toBe(1000);
    findings.judge({ ...WELL, atUnixSeconds: 1020 });
    expect(findings.judge(lost(1030)).findings[0]?.sinceUnixSeconds).toBe(1030);
  });

  it('put refused usage files together by reason', () => {
    const refused = ['a', 'b', 'c', 'd'].map((directory) => ({ directory, reason: 'symlink' }));
    const hami = { directories: 9, files: 5, refused, refusedByReason: { symlink: 4 }, truncated: false };
    const [finding, ...others] = judge({ ...WELL, hami });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: 'usage_file_refused',
      severity: 'info',
      evidence: { files: 4, directories: 'a b c' },
    });
  });

  it('tell driver states apart', () => {
    const state = (change: Partial<Judged['driver']>) => ({ ...WELL, gpus: [], driver: { ...WELL.driver, ...change } });
    expect(codes(state({ state: 'library_missing' }))).toEqual(['driver_missing']);
    expect(codes(state({ state: 'not_loaded' }))).toEqual(['driver_missing']);
    expect(codes(state({ state: 'mismatch', lastCode: 18 }))).toEqual(['driver_library_mismatch']);
    const many = state({ gpuCount: 72, gpusUnread: 8 });
    expect(judge(many)).toMatchObject([
      { code: 'gpus_unread', severity: 'warning', evidence: { gpus_counted: 72, gpus_read: 64, gpus_unread: 8 } },
    ]);
    expect(codes({ ...WELL, simulated: 'scenario=mixed' })).toEqual(['simulated_node']);
    expect(codes({ ...WELL, samplerLimit: 'two sleep' })).toEqual(['sampler_limit_reached']);
  });

  it('say that nobody reads', () => {
    const sampling = { ...WELL.sampling, state: 'unavailable' as const, reason: 'it is gone', ageSeconds: 33.3 };
    const [finding] = judge({ ...WELL, sampling });
    expect(finding).toMatchObject({
      code: 'sampler_unavailable',
      severity: 'critical',
      reason: 'GPUs and HAMi files are not read: it is gone.',
      evidence: { silent_seconds: 33, sampler_processes: 0 },
    });
  });

  it('come gravest first', () => {
    const state = { ...withCalls([call({})], [gpu(0, 'stuck'), gpu(1, 'up')]), simulated: 'x', samplerLimit: 'y' };
    expect(codes(state)).toEqual(['gpu_call_stuck', 'sampler_limit_reached', 'simulated_node']);
  });

  it('have codes that are those of the catalogue', () => {
    const everything = { ...WELL, simulated: 'x', samplerLimit: 'y', gpus: [gpu(0, 'lost')] };
    for (const code of codes(everything)) expect(RULES.map((rule) => rule.code)).toContain(code);
  });
});

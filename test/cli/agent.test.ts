import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildControlApp, buildWebApp } from '../../src/http/app.js';
import { type ControlSocket, controlSocketPath, openControlSocket } from '../../src/http/control-socket.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { type ControlActions, ControlError } from '../../src/model/control.js';
import { fullState, podWorkload, runningState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

const run = mkdtempSync(join(tmpdir(), 'gna-agent-'));
const [stuckCall] = fullState().sampling.stuckCalls;

const control: ControlActions = {
  async release({ gpu, forSeconds }) {
    if (gpu === '9') throw new ControlError('gpu_unknown', 'There is no GPU 9.', 'gpu-node-agent gpus lists them.');
    if (gpu === '0') {
      const remaining = [{ pid: 78, tid: 80, path: '/dev/nvidia0', call: stuckCall }];
      return { gpu, free: false, remaining, untilUnixSeconds: undefined, tookSeconds: 2 };
    }
    const untilUnixSeconds = forSeconds === undefined ? undefined : 1_800_000_000 + forSeconds;
    return { gpu: gpu ?? 'all', free: true, remaining: [], untilUnixSeconds, tookSeconds: 0.31 };
  },
  forget: async (gpu) => {
    if (gpu !== 'GPU-2')
      throw new ControlError('gpu_unknown', `The baseline of this node has no GPU called "${gpu}".`, 'Look.');
    return { uuid: 'GPU-2', busId: undefined };
  },
  resume: async ({ gpu }) => ({ resumed: gpu === undefined ? [] : [gpu], stillReleased: ['GPU-2'] }),
  holders: async (gpu) =>
    gpu === '1'
      ? []
      : [
          { pid: 78, role: 'sampler', paths: ['/dev/nvidia0', '/dev/nvidiactl'], handles: 5, workload: undefined },
          { pid: 4242, role: 'other', paths: ['/dev/nvidia0'], handles: 2, workload: podWorkload() },
          {
            pid: 9,
            role: 'other',
            paths: ['/dev/vfio/17'],
            handles: 1,
            workload: podWorkload({ kind: 'vm', name: 'win11', command: 'qemu-system-x86' }),
          },
        ],
};

let socket: ControlSocket;
let web: WebServer;
beforeAll(async () => {
  const { log } = fastify({ logger: { level: 'silent' } });
  const parts = {
    source: { current: () => runningState() },
    metrics: { render: async () => Buffer.from(metricsText) },
    maxRequests: 4,
    log: undefined,
  };
  const self = () => ({ pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 });
  const app = buildControlApp({ ...parts, control });
  socket = await openControlSocket({ app, path: controlSocketPath(run), peerCredentials: self, log });
  web = await openWebServer(buildWebApp({ ...parts, telemetryPath: '/gpu-metrics' }), '127.0.0.1:0');
});
afterAll(async () => {
  await socket.close();
  await web.close();
  rmSync(run, { recursive: true, force: true });
});

const METRICS = `\
# HELP gpu_power_watts Power draw, with a \\\\ and a\\nline.
# TYPE gpu_power_watts gauge
gpu_power_watts{uuid="GPU-0",name="a\\"b\\\\c"} 250.5
# HELP calls_seconds Time.
# TYPE calls_seconds histogram
calls_seconds_bucket{le="+Inf"} 3
calls_seconds_sum 1.5
calls_seconds_count 3
`;
let metricsText = METRICS;

const bySocket = [`--path.run=${run}`];
const byWeb = () => ['--path.run=/nowhere', `--web.listen-address=${new URL(web.url).host}`];

describe('a running agent is asked', () => {
  it('over its control socket', async () => {
    const { out, code } = await runCommand(['status', ...bySocket]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^driver 550\.54\.15 · open kernel module · CUDA 12\.4 · 2 GPUs · agent 1\.2\.3, up 2 h 46 min, pid 77\n/,
    );
  });

  it('over its web address where the socket is not there', async () => {
    const { out, code } = await runCommand(['gpus', ...byWeb()]);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'GPU  NAME            CONDITION  UTIL      MEMORY        POWER   TEMP  USED BY',
    ]);
  });

  it('for its metrics, either way', async () => {
    expect((await runCommand(['metrics', ...bySocket])).out).toBe(METRICS);
    const { out } = await runCommand(['metrics', '--web.telemetry-path=/gpu-metrics', ...byWeb()]);
    expect(out).toBe(METRICS);
  });

  it('for its metrics, without handing a terminal what a foreign name hides', async () => {
    const hostile = 'a\u001b]0;owned\u0007\u009b31m\u202ea';
    metricsText = `gpu_workload_info{name="${hostile}"} 1\n`;
    try {
      const piped = await runCommand(['metrics', ...bySocket]);
      expect(piped.out).toBe(metricsText);
      const shown = await runCommand(['metrics', ...bySocket], { columns: 80 });
      expect(shown.out).toBe('gpu_workload_info{name="a\\u001b]0;owned\\u0007\\u009b31m\\u202ea"} 1\n');
      const json = await runCommand(['metrics', '--json', ...bySocket]);
      expect(json.out).toContain('"name": "a\\u001b]0;owned\\u0007\\u009b31m\\u202ea"');
      expect(JSON.parse(json.out).families[0].samples[0].labels.name).toBe(hostile);
    } finally {
      metricsText = METRICS;
    }
  });

  it('for its metrics as JSON', async () => {
    const { out } = await runCommand(['metrics', '--json', ...bySocket]);
    expect(JSON.parse(out)).toEqual({
      families: [
        {
          name: 'gpu_power_watts',
          type: 'gauge',
          help: 'Power draw, with a \\ and a\nline.',
          samples: [{ name: 'gpu_power_watts', labels: { uuid: 'GPU-0', name: 'a"b\\c' }, value: 250.5 }],
        },
        {
          name: 'calls_seconds',
          type: 'histogram',
          help: 'Time.',
          samples: [
            { name: 'calls_seconds_bucket', labels: { le: '+Inf' }, value: 3 },
            { name: 'calls_seconds_sum', labels: {}, value: 1.5 },
            { name: 'calls_seconds_count', labels: {}, value: 3 },
          ],
        },
      ],
    });
  });
});

describe('release', () => {
  it('says that nothing is held', async () => {
    const { out, code } = await runCommand(['release', '--for=10m', ...bySocket]);
    expect([code, out]).toEqual([0, 'All GPUs are released for 10 min: no device is held (took 0.3 s).\n']);
  });

  it('names what only the driver can free, and ends with 1', async () => {
    const { out, code } = await runCommand(['release', '--gpu', '0', ...bySocket]);
    expect(code).toBe(1);
    expect(out).toBe(`\
0 is not free yet. Nothing new is opened until gpu-node-agent resume, but these handles stay until the driver lets go:
  /dev/nvidia0: process 78, thread 80, stuck: nvmlDeviceGetPowerUsage of GPU 0 has not come back for 61 s [process 78, thread 80 (D), asleep in os_acquire_rwlock_write]
`);
  });

  it('passes a refusal on with its next step', async () => {
    const { err, code } = await runCommand(['release', '--gpu=9', ...bySocket]);
    expect([code, err]).toEqual([1, 'gpu-node-agent: refused: There is no GPU 9. gpu-node-agent gpus lists them.\n']);
  });

  it('gives the answer as JSON', async () => {
    const { out } = await runCommand(['release', '--gpu=1', '--for=1h', '--json', ...bySocket]);
    expect(JSON.parse(out)).toEqual({
      gpu: '1',
      free: true,
      remaining: [],
      untilUnixSeconds: 1_800_003_600,
      tookSeconds: 0.31,
    });
  });
});

it('resume says what is taken up again and what is not', async () => {
  expect((await runCommand(['resume', '--gpu=1', ...bySocket])).out).toBe(
    'Taken up again: 1.\nStill released: GPU-2.\n',
  );
  expect((await runCommand(['resume', ...bySocket])).out).toBe('Nothing had been released.\nStill released: GPU-2.\n');
});

it('baseline forgets a GPU that was taken out, and says when there is none of that name', async () => {
  expect((await runCommand(['baseline', 'forget', 'GPU-2', ...bySocket])).out).toBe(
    'Forgotten: GPU-2. It is not missed any more.\n',
  );
  const unknown = await runCommand(['baseline', 'forget', 'GPU-9', ...bySocket]);
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain('The baseline of this node has no GPU called "GPU-9".');
  const half = await runCommand(['baseline', 'forget', ...bySocket]);
  expect([half.code, half.err]).toEqual([2, expect.stringContaining('expected nothing, or forget and a UUID')]);
});

it('holders names who has a GPU open', async () => {
  const { out } = await runCommand(['holders', '0', ...bySocket]);
  expect(out).toBe(`\
 PID  WHO                                     COMMAND          HANDLES  DEVICES
  78  this agent's sampler (release lets go)  –                      5  /dev/nvidia0 /dev/nvidiactl
4242  pod research/llm-0/train                python                 2  /dev/nvidia0
   9  vm win11                                qemu-system-x86        1  /dev/vfio/17
`);
  expect((await runCommand(['holders', '1', ...bySocket])).out).toBe(
    'Nobody holds it, as far as this user may look.\n',
  );
});

it('holders looks itself where no agent answers', async () => {
  const nobody = ['--path.run=/nowhere'];
  const holdersOnce = async (_config: unknown, gpu: string) => {
    if (gpu !== '0') throw new ControlError('gpu_unknown', `There is no GPU ${gpu}.`, 'Look at the list.');
    return [{ pid: 9, role: 'other' as const, paths: ['/dev/vfio/17'], handles: 1, workload: undefined }];
  };
  const found = await runCommand(['holders', '0', '--json', ...nobody], { holdersOnce });
  expect(JSON.parse(found.out)).toEqual({
    holders: [{ pid: 9, role: 'other', paths: ['/dev/vfio/17'], handles: 1 }],
  });
  const unknown = await runCommand(['holders', '5', ...nobody], { holdersOnce });
  expect([unknown.code, unknown.err]).toEqual([1, 'gpu-node-agent: There is no GPU 5. Look at the list.\n']);
});

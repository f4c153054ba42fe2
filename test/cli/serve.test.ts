import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_VERSION } from '../../src/version.js';

/** The program as it is shipped. */
const program = fileURLToPath(new URL('../../dist/gpu-node-agent.mjs', import.meta.url));

let run: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'gna-serve-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  rmSync(run, { recursive: true, force: true });
});

/** A node without a driver, whatever this machine has. */
const nothing = () => [
  `--path.run=${run}`,
  '--nvml.library=/nonexistent/libnvidia-ml.so.1',
  '--path.sysfs=/nonexistent',
];

interface Running {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  readonly written: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

function startProgram(...argv: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const written = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    written.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    written.err += text;
  });
  return { child, written, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function urlOf({ written }: Running): Promise<string> {
  await expect.poll(() => written.out + written.err, { timeout: 10_000 }).toMatch(/serves http:\/\/\S+\n/);
  return /serves (http:\/\/\S+)\n/.exec(written.out)?.[1] as string;
}

describe('serve', () => {
  it('prints where it serves and what it found, and logs in JSON lines', async () => {
    const running = startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing());
    const url = await urlOf(running);
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
    expect(await answer.json()).toEqual({ status: 'ok' });
    await expect
      .poll(() => running.written.out, { timeout: 10_000 })
      .toContain('\nno NVIDIA driver: its library is not there\n');
    expect(running.written.out).toMatch(
      new RegExp(`^gpu-node-agent ${AGENT_VERSION.replaceAll('.', '\\.')} serves http`),
    );
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    const lines = running.written.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['serving', 'control socket is open', 'first reading', 'ending']),
    );
    for (const { level, time, msg } of lines) {
      expect(['debug', 'info', 'warn', 'error']).toContain(level);
      expect(Number.isNaN(Date.parse(time))).toBe(false);
      expect(msg).not.toBe('');
    }
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends it within two seconds, and the port is free at once',
    async (signal) => {
      const first = startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing());
      const url = await urlOf(first);
      // A connection that stays open must not delay the end.
      await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
      const started = performance.now();
      first.child.kill(signal);
      expect(await first.ended).toBe(0);
      expect(performance.now() - started).toBeLessThan(2_000);
      const second = startProgram('serve', `--web.listen-address=${new URL(url).host}`, ...nothing());
      expect(await urlOf(second)).toBe(url);
    },
  );

  it('counts its requests, unless its metrics about itself are off', async () => {
    const metricsOf = async (...flags: readonly string[]) => {
      const url = await urlOf(startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing(), ...flags));
      const scrape = async () => (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
      await scrape();
      return scrape();
    };
    const text = await metricsOf();
    expect(text).toContain('gpu_agent_http_requests_total{route="/metrics",method="GET",code="200"} 1\n');
    expect(text).toContain('gpu_agent_scrape_duration_seconds_count{endpoint="/metrics"} 1\n');
    expect(await metricsOf('--web.disable-exporter-metrics')).not.toContain('gpu_agent_http_requests_total');
  });

  it('adds and leaves out metrics by name', async () => {
    const names = ['--metrics.enable=gpu_agent_series', '--metrics.disable=gpu_agent_start_time_seconds'];
    const url = await urlOf(startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing(), ...names));
    const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    expect(text).toContain('\ngpu_agent_series{family="gpu_agent_build_info"} 1\n');
    expect(text).not.toContain('gpu_agent_start_time_seconds');
  });

  it('does not start with names of metrics that are none, and says which were meant', async () => {
    const names = ['gpu_tempreature_celsius', 'process_cpu_seconds_total'].map((name) => `--metrics.disable=${name}`);
    const running = startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing(), ...names);
    expect(await running.ended).toBe(2);
    expect(running.written.err).toBe(`\
gpu-node-agent: metrics.disable: unknown metric "gpu_tempreature_celsius". Did you mean gpu_temperature_celsius?
gpu-node-agent: metrics.disable: expected a metric of the node; "process_cpu_seconds_total" is about the agent itself. Those go with --web.disable-exporter-metrics, all together.
`);
  });

  it('answers commands over its control socket', async () => {
    const running = startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing());
    await urlOf(running);
    await expect.poll(() => running.written.err, { timeout: 10_000 }).toContain('control socket is open');
    const status = startProgram('status', '--json', ...nothing());
    expect(await status.ended).toBe(0);
    expect(JSON.parse(status.written.out).agent.pid).toBe(running.child.pid);
    const holders = startProgram('holders', '7', ...nothing());
    expect([await holders.ended, holders.written.err]).toEqual([1, expect.stringContaining('refused')]);
  });

  it('goes on when nobody reads what it writes any more', async () => {
    const running = startProgram('serve', '--web.listen-address=127.0.0.1:0', ...nothing());
    const url = await urlOf(running);
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    // Writes lines to both: the second line of the banner, and the log of a release.
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
    const release = startProgram('release', '--for=1s', ...nothing());
    await release.ended;
    expect((await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) })).status).toBe(200);
    running.child.kill('SIGTERM');
    expect(await new Promise((resolve) => running.child.once('exit', resolve))).toBe(0);
  });

  it('writes logfmt when told to', async () => {
    const running = startProgram('serve', '--web.listen-address=127.0.0.1:0', '--log.format=logfmt', ...nothing());
    await urlOf(running);
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.written.err).toMatch(/^level=info time=\S+ .*msg=serving$/m);
  });

  it('does not start at an address that is taken, and says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const running = startProgram('serve', `--web.listen-address=127.0.0.1:${port}`, '--log.level=error', ...nothing());
    expect(await running.ended).toBe(1);
    expect(running.written.err).toContain(
      `gpu-node-agent: cannot listen on 127.0.0.1:${port}: something else listens there.`,
    );
    await new Promise((resolve) => other.close(resolve));
  });

  it('does not start with a setting that cannot be right', async () => {
    const running = startProgram('serve', '--clock.file=/nonexistent/clock', ...nothing());
    expect(await running.ended).toBe(1);
    expect(running.written.err).toMatch(/^gpu-node-agent: cannot start: .*\/nonexistent\/clock/);
    expect(running.written.err).not.toContain('    at ');
  });
});

it('a command whose reader leaves early ends quietly', async () => {
  const running = startProgram('help');
  running.child.stdout?.destroy();
  expect(await running.ended).toBe(0);
  expect(running.written.err).toBe('');
});

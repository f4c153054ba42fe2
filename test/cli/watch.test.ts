import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import type { OpenNode } from '../../src/cli/command.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { width } from '../../src/cli/text.js';
import { buildControlApp } from '../../src/http/app.js';
import { controlSocketPath, openControlSocket } from '../../src/http/control-socket.js';
import { finding, runningState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

const directory = mkdtempSync(join(tmpdir(), 'gna-watch-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const quick = ['--interval=200ms', '--web.listen-address=127.0.0.1:0'];
const nobody = [`--path.run=${join(directory, 'nobody')}`, '--web.listen-address=127.0.0.1:0'];
const alone = [...nobody, '--interval=200ms'];

const BEGIN_FRAME = '\u001b[?2026h\u001b[H';
const END_FRAME = '\u001b[J\u001b[?2026l';

/** A terminal of a size that a test may change, and whose keys it presses. */
class Window implements Terminal {
  columns = 80;
  rows = 30;
  written = '';
  pressed: ((key: string) => void) | undefined;
  resized: (() => void) | undefined;

  onResize(changed: () => void): () => void {
    this.resized = changed;
    return () => {
      this.resized = undefined;
    };
  }

  onKey(pressed: (key: string) => void): () => void {
    this.pressed = pressed;
    return () => {
      this.pressed = undefined;
    };
  }

  readonly out = (text: string) => {
    this.written += text;
  };

  /** Lines of each whole frame. */
  get frames(): readonly (readonly string[])[] {
    return this.written.split(BEGIN_FRAME).flatMap((piece, index) => {
      const [body, rest] = piece.split(END_FRAME);
      return index === 0 || rest === undefined
        ? []
        : [(body ?? '').split('\r\n').map((line) => line.replace('\u001b[K', ''))];
    });
  }
}

const frames = (window: Window, least: number) =>
  expect.poll(() => window.frames.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(least);

describe('watch on a terminal', () => {
  it('draws the status over the last one, and gives the terminal back on q', async () => {
    const window = new Window();
    const watching = runCommand(['watch', ...alone], { state: runningState(), terminal: window, out: window.out });
    await frames(window, 2);
    window.pressed?.('q');
    expect((await watching).code).toBe(0);
    expect(window.written.startsWith('\u001b[?1049h\u001b[?25l\u001b[?7l')).toBe(true);
    expect(window.written.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
    expect([window.pressed, window.resized]).toEqual([undefined, undefined]);
    const [first = []] = window.frames;
    expect(first[0]).toMatch(/^gpu-node-agent watch · every 0\.2 s · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d · q ends$/);
    expect(first.join('\n')).toContain('0  A100-SXM4-80GB  up');
    // Nothing is cleared before it is written over.
    expect(window.written).not.toContain('\u001b[2J');
  });

  it('draws anew when the size changes, and never beyond it', async () => {
    const window = new Window();
    const findings = Array.from({ length: 9 }, () => finding());
    const watching = runCommand(['watch', ...nobody, '--interval=1h'], {
      state: runningState({ findings }),
      terminal: window,
      out: window.out,
    });
    await frames(window, 1);
    window.columns = 60;
    window.rows = 12;
    window.resized?.();
    await frames(window, 2);
    window.pressed?.('\u0003');
    await watching;
    const last = window.frames.at(-1) ?? [];
    expect(last).toHaveLength(12);
    expect(last.at(-1)).toMatch(/^… \d+ more lines: make the window taller$/);
    expect(Math.max(...last.slice(1).map(width))).toBeLessThan(60);
  });

  it('shows that nobody answers, and goes on', async () => {
    const window = new Window();
    const watching = runCommand(['watch', ...alone], { terminal: window, out: window.out });
    await frames(window, 2);
    process.emit('SIGTERM');
    expect((await watching).code).toBe(0);
    expect(window.frames[0]?.join('\n')).toContain('nobody answered:\n');
    expect(window.written.endsWith('\u001b[?1049l')).toBe(true);
  });
});

describe('watch where the output is no terminal', () => {
  it('writes one status after the other as text until a signal', async () => {
    let written = '';
    const watching = runCommand(['watch', ...alone], {
      state: runningState(),
      out: (text) => {
        written += text;
      },
    });
    await expect.poll(() => written.match(/^driver 550/gm)?.length ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    process.emit('SIGINT');
    expect((await watching).code).toBe(0);
    expect(written).not.toContain('\u001b');
    expect(written).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\ndriver /);
  });

  it('writes one line of JSON each, also on a terminal', async () => {
    const window = new Window();
    const watching = runCommand(['watch', '--json', ...alone], {
      state: runningState(),
      terminal: window,
      out: window.out,
    });
    await expect.poll(() => window.written.split('\n').length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    process.emit('SIGINT');
    await watching;
    const lines = window.written.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line).gpus).toHaveLength(2);
  });
});

it('reads the node itself only as long as no agent answers', async () => {
  const run = join(directory, 'run');
  const reads: string[] = [];
  const own: OpenNode = {
    read: async () => {
      reads.push('read');
      return runningState();
    },
    close: async () => void reads.push('closed'),
  };
  const window = new Window();
  const watching = runCommand(['watch', `--path.run=${run}`, ...quick], {
    terminal: window,
    out: window.out,
    openNode: () => own,
  });
  await expect.poll(() => reads.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  const { log } = fastify({ logger: { level: 'silent' } });
  const app = buildControlApp({
    source: { current: () => runningState() },
    metrics: { render: async () => Buffer.from('') },
    maxRequests: 4,
    log: undefined,
    control: {
      release: () => Promise.reject(new Error('not asked')),
      resume: () => Promise.reject(new Error('not asked')),
      forget: () => Promise.reject(new Error('not asked')),
      holders: () => Promise.reject(new Error('not asked')),
    },
  });
  const self = () => ({ pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 });
  const socket = await openControlSocket({ app, path: controlSocketPath(run), peerCredentials: self, log });
  await expect.poll(() => reads.at(-1), { timeout: 20_000 }).toBe('closed');
  await expect.poll(() => window.frames.at(-1)?.join('\n'), { timeout: 20_000 }).toContain('agent 1.2.3');
  window.pressed?.('q');
  await watching;
  await socket.close();
  expect(reads.filter((one) => one === 'closed')).toHaveLength(1);
});

it.each(['0', '10', '100ms', '2h', 'soon'])('refuses an interval of %s', async (interval) => {
  const { code, err } = await runCommand(['watch', `--interval=${interval}`], { state: runningState() });
  expect([code, err]).toEqual([2, expect.stringContaining('--interval: expected a duration')]);
});

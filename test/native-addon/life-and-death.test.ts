import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXPECTED_ABI } from '../../src/native/load-addon.js';
import { ADDON, runChild } from './child.js';

const NOTHING = { code: 0, signal: null };
const ENGINE_ARGS = "['--nvml.library=/nonexistent/libnvidia-ml.so.1', '--no-hami', '--interval-ms=100']";

describe('the addon', () => {
  it('is let go of at the end of a process that did nothing with it', async () => {
    const ended = await runChild('console.log(addon.abi)');
    expect(ended).toMatchObject({ ...NOTHING, out: `${EXPECTED_ABI}\n` });
  });

  it('runs an engine in-process until it is stopped', async () => {
    const ended = await runChild(`
      const net = require('node:net');
      const engine = addon.startEngine(${ENGINE_ARGS});
      const reader = addon.openSegment(engine.memoryFd);
      const socket = new net.Socket({ fd: engine.socketFd });
      let wakes = 0;
      socket.on('data', () => {
        const { driver, watch } = reader.read();
        if (++wakes === 3) { console.log(driver.state, watch.cycle >= 2); engine.stop(); }
      });
      socket.on('close', () => { reader.close(); addon.closeFd(engine.memoryFd); console.log('closed'); });
    `);
    expect(ended).toMatchObject({ ...NOTHING, out: '2 true\nclosed\n' });
  });

  it('survives process.exit while an engine runs and a walk of /proc is under way', async () => {
    const ended = await runChild(`
      addon.startEngine(${ENGINE_ARGS});
      void addon.findHolders('/proc', ['/dev/']);
      void addon.readFiles(['/proc/self/stat'], 100);
      setTimeout(() => process.exit(0), 50);
    `);
    expect(ended).toMatchObject({ ...NOTHING, out: '' });
  });

  it('survives process.exit in the same tick as its threads start', async () => {
    const ended = await runChild(`
      for (let i = 0; i < 20; i++) void addon.findHolders('/proc', ['/dev/']);
      process.exit(0);
    `);
    expect(ended).toMatchObject({ ...NOTHING, out: '' });
  });

  it('loads in worker threads, and a worker ends in the middle of its work', async () => {
    const ended = await runChild(`
      const { Worker } = require('node:worker_threads');
      const text = \`
        const addon = require(${JSON.stringify(ADDON)});
        addon.startEngine(${ENGINE_ARGS});
        for (let i = 0; i < 5; i++) void addon.findHolders('/proc', ['/dev/']);
        require('node:worker_threads').parentPort.postMessage('up');
        setInterval(() => {}, 1000);
      \`;
      let left = 4;
      for (let i = 0; i < 4; i++) {
        const worker = new Worker(text, { eval: true });
        worker.on('message', () => worker.terminate());
        worker.on('exit', () => { if (--left === 0) console.log('all ended', addon.clockNow(undefined).monotonicNs > 0); });
      }
    `);
    expect(ended).toMatchObject({ ...NOTHING, out: 'all ended true\n' });
  });

  it('loads twice from two files, and the copies do not share samplers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'addon-copy-'));
    try {
      const copy = join(folder, 'copy.node');
      execFileSync('cp', [ADDON, copy]);
      const ended = await runChild(`
        const other = require(${JSON.stringify(copy)});
        const sampler = addon.spawnSampler({ path: '/bin/sleep', args: ['30'], env: [], carryFd: undefined });
        console.log(addon.pollSampler(sampler.pid).state);
        try { other.pollSampler(sampler.pid); } catch (error) { console.log(error.code); }
        addon.signalSampler(sampler.pid, 9);
        const wait = setInterval(() => {
          const poll = addon.pollSampler(sampler.pid);
          if (poll.state !== 'gone') return;
          clearInterval(wait);
          console.log(poll.state, poll.signal, poll.exitCode);
        }, 10);
      `);
      expect(ended).toMatchObject({ ...NOTHING, out: 'running\nESRCH\ngone 9 undefined\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not keep a process from ending for a file whose read never comes back', async () => {
    // A FIFO without a writer is no regular file: refused at once instead of waited for.
    const folder = mkdtempSync(join(tmpdir(), 'addon-fifo-'));
    try {
      const fifo = join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const ended = await runChild(`
        addon.readFiles([${JSON.stringify(fifo)}, '/proc/self/comm', '/nonexistent'], 64).then(([a, b, c]) =>
          console.log(a, b.equals(require('node:fs').readFileSync('/proc/self/comm')), c));
      `);
      expect(ended).toMatchObject({ ...NOTHING, out: 'undefined true undefined\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Addon, SpawnedSampler } from '../../src/native/addon.js';
import { ADDON } from './child.js';

const addon = createRequire(import.meta.url)(ADDON) as Addon;
const folder = mkdtempSync(join(tmpdir(), 'sampler-process-'));
const living = new Set<SpawnedSampler>();

function start(script: string, options: { carryFd?: number; env?: string[] } = {}): SpawnedSampler {
  const path = join(folder, `script-${living.size}-${Date.now()}`);
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
  const env = options.env ?? ['PATH=/usr/bin:/bin'];
  const sampler = addon.spawnSampler({ path, args: ['a b', 'c'], env, carryFd: options.carryFd });
  living.add(sampler);
  return sampler;
}

async function gone(sampler: SpawnedSampler) {
  for (let i = 0; i < 500; i++) {
    const poll = addon.pollSampler(sampler.pid);
    if (poll.state === 'gone') return poll;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`process ${sampler.pid} does not end`);
}

afterEach(async () => {
  for (const sampler of living) {
    try {
      addon.signalSampler(sampler.pid, 9);
      await gone(sampler);
    } catch {
      // Reaped by the test.
    }
    for (const fd of [sampler.socketFd, sampler.memoryFd, sampler.messagesFd]) addon.closeFd(fd);
  }
  living.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a spawned sampler', () => {
  it('has its socket at 3, its memory at 4, no carry, and nothing else of ours', async () => {
    const sampler = start('ls -l /proc/self/fd | grep -o "[0-9]* -> .*" >&2; echo "carry=$GNA_CARRY args=$1|$2" >&2');
    expect(await gone(sampler)).toEqual({ state: 'gone', exitCode: 0 });
    const said = addon.readMessages(sampler.messagesFd);
    expect(said).toMatch(/^3 -> socket:/m);
    expect(said).toMatch(/^4 -> .*memfd:gpu-node-sampler/m);
    expect(said).toMatch(/^0 -> \/dev\/null$/m);
    expect(said).toContain('carry= args=a b|c');
    // Beyond 4 only what ls and the shell open for themselves.
    const others = [...said.matchAll(/^(\d+) -> (.*)$/gm)]
      .filter(([, fd]) => Number(fd) > 4)
      .map(([, , target]) => target);
    for (const target of others) expect(target).toMatch(/\/proc\/\d+\/fd|script-/);
  });

  it('gets the predecessor’s memory at 5 and is told so, whatever the environment said', async () => {
    const first = start('sleep 30');
    const second = start('echo "carry=$GNA_CARRY $(readlink /proc/self/fd/5)" >&2', {
      carryFd: first.memoryFd,
      env: ['PATH=/usr/bin:/bin', 'GNA_CARRY=0'],
    });
    await gone(second);
    expect(addon.readMessages(second.messagesFd)).toMatch(/^carry=1 .*memfd:gpu-node-sampler/);
  });

  it('works with sources that already have the numbers 3, 4 and 5', async () => {
    const spare = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
    const first = start('sleep 30');
    const second = start(
      'echo "$(readlink /proc/self/fd/3) $(readlink /proc/self/fd/4) $(readlink /proc/self/fd/5)" >&2',
      {
        carryFd: first.memoryFd,
      },
    );
    for (const fd of spare) closeSync(fd);
    await gone(second);
    expect(addon.readMessages(second.messagesFd)).toMatch(
      /^socket:\S+ .*memfd:gpu-node-sampler.* .*memfd:gpu-node-sampler/,
    );
  });

  it('leads a process group of its own and ignores no signal', async () => {
    // No shell: a shell blocks and ignores signals of its own.
    const sampler = addon.spawnSampler({ path: '/bin/sleep', args: ['30'], env: [], carryFd: undefined });
    living.add(sampler);
    const stat = readFileSync(`/proc/${sampler.pid}/stat`, 'utf8');
    expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])).toBe(sampler.pid);
    const status = readFileSync(`/proc/${sampler.pid}/status`, 'utf8');
    const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1]}`);
    // Signals 32 and 33 belong to the C library, which ignores them in every child it starts.
    expect(mask('SigIgn') & ~(3n << 31n)).toBe(0n);
    expect(mask('SigBlk')).toBe(0n);
  });

  it('has memory that nobody can resize', () => {
    const sampler = start('sleep 30');
    expect(readlinkSync(`/proc/self/fd/${sampler.memoryFd}`)).toContain('memfd:');
    expect(() => writeFileSync(`/proc/self/fd/${sampler.memoryFd}`, '')).toThrow(/EPERM|not permitted/);
  });

  it('that ends is told once with its exit status, then is unknown', async () => {
    const sampler = start('exit 7');
    expect(await gone(sampler)).toEqual({ state: 'gone', exitCode: 7 });
    expect(() => addon.pollSampler(sampler.pid)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  it('that talks endlessly is cut at 32 KiB and does not wait for a reader', async () => {
    const sampler = start('head -c 1000000 /dev/zero | tr "\\0" x >&2; exit 0');
    await gone(sampler);
    expect(addon.readMessages(sampler.messagesFd)).toBe('x'.repeat(32 * 1024));
  });

  it('cannot be started from a file that is not there', () => {
    const options = { path: join(folder, 'nothing'), args: [], env: [], carryFd: undefined };
    expect(() => addon.spawnSampler(options)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'posix_spawn' }),
    );
  });

  it('is not signalled when it is not ours', () => {
    expect(() => addon.signalSampler(1, 9)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });
});

describe('arguments', () => {
  it('say what was expected and what came', () => {
    const wrong = addon as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => wrong.closeFd?.('3')).toThrow("fd: expected a whole number from 0 to 2147483647, got the string '3'");
    expect(() => wrong.spawnSampler?.({ path: 1 })).toThrow('options.path: expected a string, got the number 1');
    expect(() => wrong.findHolders?.('/proc', ['/dev', null])).toThrow('prefixes[1]: expected a string, got null');
    expect(() => wrong.readFiles?.(['a\0b'], 1)).toThrow('paths[0]: expected a string without NUL characters');
  });
});

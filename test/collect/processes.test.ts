import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessTable } from '../../src/collect/processes.js';
import type { Addon } from '../../src/native/addon.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { startedUnixSeconds } from '../../src/workload/process-identity.js';

let root: string;
let seconds: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'procfs-'));
  seconds = 100;
  writeFileSync(join(root, 'stat'), 'cpu  1 2 3\nintr 5 0 0\nctxt 9\nbtime 1699990000\nprocesses 12\n');
});
afterEach(() => rmSync(root, { recursive: true }));

function place(pid: number, startTicks: number, cgroup: string, commandLine: string): void {
  mkdirSync(join(root, String(pid)), { recursive: true });
  const fields = ['S', ...Array.from({ length: 18 }, () => '0'), String(startTicks), '0'];
  writeFileSync(join(root, String(pid), 'stat'), `${pid} (python3) ${fields.join(' ')}\n`);
  writeFileSync(join(root, String(pid), 'status'), `Name:\tpython3\nNSpid:\t${pid}\t7\n`);
  writeFileSync(join(root, String(pid), 'cgroup'), `0::${cgroup}\n`);
  writeFileSync(join(root, String(pid), 'cmdline'), commandLine);
}

const moment = () => ({ monotonicSeconds: seconds, unixSeconds: 1_700_000_000 + seconds });

const table = () => new ProcessTable(loadAddon(), root, () => seconds);

describe('process identities', () => {
  it('are read from the root that was given', async () => {
    place(42, 1000, '/system.slice/x.service', 'python3\0train.py\0');
    const processes = table();
    await processes.refresh(new Set([42, 43]));
    expect(processes.get(42)).toEqual({
      pid: 42,
      startTicks: 1000,
      comm: 'python3',
      cgroup: '0::/system.slice/x.service\n',
      namespacePids: [42, 7],
      commandLine: ['python3', 'train.py'],
    });
    expect(processes.get(43)).toBeUndefined();
  });

  it('come with the time of boot, from which their starts are counted', async () => {
    place(42, 1234, '/a.service', 'x\0');
    const processes = table();
    expect(processes.bootUnixSeconds).toBeUndefined();
    await processes.refresh(new Set([42]));
    expect(processes.bootUnixSeconds).toBe(1_699_990_000);
    expect(startedUnixSeconds(1234, processes.bootUnixSeconds)).toBe(1_699_990_012.34);
    expect(startedUnixSeconds(1234, undefined)).toBeUndefined();
  });

  it('are read without a time of boot where none is told', async () => {
    rmSync(join(root, 'stat'));
    place(42, 1234, '/a.service', 'x\0');
    const processes = table();
    await processes.refresh(new Set([42]));
    expect([processes.get(42)?.comm, processes.bootUnixSeconds]).toEqual(['python3', undefined]);
  });

  it('are not believed for ever: a pid that is used again is somebody else', async () => {
    place(42, 1000, '/a.service', 'old\0');
    const processes = table();
    await processes.refresh(new Set([42]));
    place(42, 2000, '/b.service', 'new\0');
    await processes.refresh(new Set([42]));
    expect(processes.get(42)?.startTicks).toBe(1000);
    seconds += 31;
    await processes.refresh(new Set([42]));
    expect(processes.get(42)).toMatchObject({ startTicks: 2000, commandLine: ['new'] });
  });

  it('tell a process that has ended from one that is there, and from one nobody asked for', async () => {
    place(42, 1000, '/a.service', 'x\0');
    place(43, 1000, '/a.service', 'x\0');
    const processes = table();
    expect(processes.hasEnded(42, 1000)).toBe(false);
    await processes.refresh(new Set([42, 43]));
    expect([processes.hasEnded(42, 1000), processes.hasEnded(42, 999)]).toEqual([false, true]);
    rmSync(join(root, '42'), { recursive: true });
    place(43, 2000, '/b.service', 'new\0');
    seconds += 31;
    await processes.refresh(new Set([42, 43]));
    expect([processes.hasEnded(42, 1000), processes.hasEnded(43, 1000), processes.hasEnded(43, 2000)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(processes.hasEnded(44, 1000)).toBe(false);
  });

  it('take no process for ended that is there and cannot be read, and read it in the next round', async () => {
    place(42, 1000, '/a.service', 'x\0');
    const addon = loadAddon();
    let outOfDescriptors = false;
    // What the addon answers at the limit of descriptors (EMFILE).
    const readFiles: Addon['readFiles'] = (paths, maxBytes) =>
      outOfDescriptors ? Promise.resolve(paths.map(() => undefined)) : addon.readFiles(paths, maxBytes);
    const processes = new ProcessTable({ readFiles }, root, () => seconds);
    await processes.refresh(new Set([42]));
    outOfDescriptors = true;
    seconds += 31;
    place(43, 1000, '/a.service', 'x\0');
    await processes.refresh(new Set([42, 43, 44]));
    expect(processes.get(42)).toMatchObject({ startTicks: 1000, commandLine: ['x'] });
    expect(processes.get(43)).toBeUndefined();
    expect([42, 43, 44].map((pid) => processes.hasEnded(pid, 1000))).toEqual([false, false, true]);
    outOfDescriptors = false;
    place(42, 2000, '/b.service', 'y\0');
    await processes.refresh(new Set([42, 43, 44]));
    expect([42, 43].map((pid) => processes.get(pid)?.startTicks)).toEqual([2000, 1000]);
  });

  it('take no process for ended whose file is not one', async () => {
    mkdirSync(join(root, '42', 'stat'), { recursive: true });
    const processes = table();
    await processes.refresh(new Set([42]));
    expect([processes.get(42), processes.hasEnded(42, 1000)]).toEqual([undefined, false]);
  });

  it('are forgotten with the process', async () => {
    place(42, 1000, '/a.service', 'x\0');
    const processes = table();
    await processes.refresh(new Set([42]));
    await processes.refresh(new Set());
    expect(processes.get(42)).toBeUndefined();
  });

  it('do without a command line that is a trap', async () => {
    place(42, 1000, '/a.service', 'x\0');
    rmSync(join(root, '42', 'cmdline'));
    mkdirSync(join(root, '42', 'cmdline'));
    const processes = table();
    await processes.refresh(new Set([42]));
    expect(processes.get(42)).toMatchObject({ comm: 'python3', commandLine: undefined });
  });

  it('say that they cannot be read, once, and are read again when they can', async () => {
    place(42, 1000, '/a.service', 'x\0');
    const addon = loadAddon();
    let refused = true;
    const said: string[] = [];
    // What the addon answers when the system refuses it a thread.
    const readFiles: Addon['readFiles'] = (paths, maxBytes) =>
      refused
        ? Promise.reject(
            Object.assign(new Error('pthread_create: Resource temporarily unavailable'), { code: 'EAGAIN' }),
          )
        : addon.readFiles(paths, maxBytes);
    const processes = new ProcessTable(
      { readFiles },
      root,
      () => seconds,
      (message) => said.push(message),
    );
    expect(processes.source(moment())).toBeUndefined();
    await processes.refresh(new Set([42]));
    await processes.refresh(new Set([42]));
    expect(processes.source(moment())).toMatchObject({
      name: 'processes',
      ok: false,
      lastAnswerUnixSeconds: undefined,
    });
    expect(said).toEqual(['processes cannot be looked at: pthread_create: Resource temporarily unavailable']);
    refused = false;
    await processes.refresh(new Set([42]));
    expect(processes.get(42)?.comm).toBe('python3');
    seconds += 4;
    expect(processes.source(moment())).toMatchObject({
      ok: true,
      lastAnswerUnixSeconds: 1_700_000_100,
      message: undefined,
    });
  });

  it('go on when one read never comes back, and begin no more than four that do not', async () => {
    place(42, 1000, '/a.service', 'x\0');
    let begun = 0;
    let hangs = true;
    // What does not hang is there at once, however busy the machine: the limit of this test is short.
    const readFiles: Addon['readFiles'] = (paths) => {
      begun++;
      return hangs ? new Promise(() => {}) : Promise.resolve(paths.map((path) => readFileSync(path)));
    };
    const processes = new ProcessTable(
      { readFiles },
      root,
      () => seconds,
      () => {},
      0.02,
    );
    await processes.refresh(new Set([42]));
    expect(processes.source(moment())).toMatchObject({ ok: false, message: expect.stringContaining('in time') });
    hangs = false;
    await processes.refresh(new Set([42]));
    expect(processes.get(42)).toMatchObject({ comm: 'python3', commandLine: ['x'] });
    hangs = true;
    begun = 0;
    for (let round = 0; round < 6; round++) {
      seconds += 31;
      await processes.refresh(new Set([42]));
    }
    expect(begun).toBe(3);
    // What was known of it stays.
    expect(processes.get(42)).toMatchObject({ comm: 'python3' });
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { driverOf } from '../../src/collect/driver.js';
import { KernelModuleSource, kernelModuleOf } from '../../src/collect/kernel-module.js';
import type { Addon } from '../../src/native/addon.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { DRIVER } from './records.js';

const OPEN =
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@build)\nGCC: 12\n';
const CLOSED = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Thu Feb 22 01:44:30 UTC 2024\nGCC: 12\n';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'procfs-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function load(text: string): void {
  const path = join(root, 'driver', 'nvidia', 'version');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('the kernel module', () => {
  it.each([
    ['open', OPEN],
    ['open', 'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.65.06  Release Build'],
    ['proprietary', CLOSED],
    ['proprietary', `${CLOSED.replace('x86_64', 'aarch64')}built from Open Kernel Module`],
    [undefined, 'NVRM version: something else'],
    [undefined, ''],
  ])('is %s by what it says of itself: %j', (kind, text) => {
    expect(kernelModuleOf(text)).toBe(kind);
  });

  it('is read again when the driver begins anew, and only then', async () => {
    let changes = 0;
    const source = new KernelModuleSource(loadAddon(), root, () => changes++);
    await source.read();
    expect([source.kind, changes]).toEqual([undefined, 0]);
    load(CLOSED);
    source.startedAs('first');
    await vi.waitFor(() => expect([source.kind, changes]).toEqual(['proprietary', 1]));
    load(OPEN);
    source.startedAs('first');
    expect(source.kind).toBe('proprietary');
    source.startedAs('second');
    await vi.waitFor(() => expect([source.kind, changes]).toEqual(['open', 2]));
  });

  it('is read once more when the driver began anew during a read, and never twice at a time', async () => {
    const answers: ((text: string) => void)[] = [];
    // What the addon gives while the driver keeps the reader of its file waiting.
    const readFiles: Addon['readFiles'] = () =>
      new Promise((resolve) => answers.push((text) => resolve([Buffer.from(text)])));
    const source = new KernelModuleSource({ readFiles }, root, () => {});
    source.startedAs('first');
    source.startedAs('second');
    source.startedAs('third');
    expect(answers).toHaveLength(1);
    answers[0]?.(CLOSED);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.(OPEN);
    await vi.waitFor(() => expect(source.kind).toBe('open'));
    expect(answers).toHaveLength(2);
  });

  it('is not known when the system refuses a thread to read it on', async () => {
    load(OPEN);
    const source = new KernelModuleSource(loadAddon(), root, () => {});
    await source.read();
    expect(source.kind).toBe('open');
    const readFiles: Addon['readFiles'] = () => Promise.reject(new Error('EAGAIN'));
    const refused = new KernelModuleSource({ readFiles }, root, () => {});
    await refused.read();
    expect(refused.kind).toBeUndefined();
  });

  it('is none where none is loaded, whatever was read before', () => {
    expect(driverOf({ ...DRIVER, moduleVersion: '580.65.06' }, undefined, 'open').kernelModule).toBe('open');
    expect(driverOf({ ...DRIVER, moduleVersion: '' }, undefined, 'open').kernelModule).toBeUndefined();
  });
});

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  damageUsageFile,
  LAYOUTS,
  type LayoutName,
  patchUsageFile,
  readLayout,
  USAGE_DAMAGES,
  type UsageContent,
  writeUsageFile,
} from '../../simulator/host/hami.mjs';

const content: UsageContent = {
  devices: [
    { uuid: 'GPU-51000000-0000-4000-8000-00000000aaaa', limitBytes: 4_294_967_296, smLimitPercent: 30 },
    { uuid: 'GPU-51000000-0000-4000-8000-00000000bbbb', limitBytes: 8_589_934_592, smLimitPercent: 60 },
  ],
  processes: [
    {
      pid: 7,
      hostPid: 4007,
      seqlock: 2,
      devices: [{ contextBytes: 11, dataBytes: 1000, driverReportedBytes: 1012 }],
    },
    {
      pid: 9,
      hostPid: 4009,
      status: 2,
      seqlock: 6,
      devices: [{}, { contextBytes: 13, dataBytes: 2000, driverReportedBytes: 2017, smUtilPercent: 41 }],
    },
  ],
  priority: 0,
  recentKernel: -1,
  utilizationSwitch: 0,
  lastKernelUnixSeconds: 1_795_301_828,
};

/** Absolute places of values of `content`, worked out by hand from HAMi-core's headers: [layout, offset, bits, value]. */
const places: readonly [LayoutName, number, 32 | 64, bigint][] = [
  ['pre-v0', 0, 32, 19_920_718n],
  ['pre-v0', 48, 64, 2n],
  ['pre-v0', 1600, 64, 8_589_934_592n],
  ['pre-v0', 1848 + 784 + 4, 32, 4009n],
  ['pre-v0', 1848 + 784 + 8 + 40 + 32, 64, 2013n],
  ['pre-v0', 1848 + 784 + 648 + 8, 64, 2017n],
  ['pre-v0', 1848 + 784 + 776, 32, 2n],
  ['pre-v0', 804_664, 32, 2n],
  ['pre-v0', 804_672, 32, -1n],
  ['v0', 1728, 64, 60n],
  ['v0', 1848 + 1168 + 776 + 24 + 16, 64, 41n],
  ['v0', 1848 + 1168 + 1160, 32, 2n],
  ['v0', 1_197_884, 32, 0n],
  ['v0', 1_197_888, 32, -1n],
  ['1.1', 4, 32, 1n],
  ['1.1', 8, 32, 1n],
  ['1.1', 56, 64, 2n],
  ['1.1', 1600, 64, 4_294_967_296n],
  ['1.1', 1856 + 1960 + 8 + 64 + 32, 64, 2013n],
  ['1.1', 1856 + 1960 + 1160 + 48 + 16, 64, 41n],
  ['1.1', 2_008_912, 64, 1_795_301_828n],
  ['1.1-shifted', 8, 32, 1n],
  ['1.1-shifted', 64, 64, 128n],
  ['1.1-shifted', 88, 64, 2n],
  ['1.1-shifted', 1888 + 1960 + 8, 64, 6n],
  ['1.1-shifted', 1888 + 1960 + 16 + 64 + 32, 64, 2013n],
  ['1.1-shifted', 1888 + 1960 + 1936, 32, 2n],
  ['1.1-shifted', 2_008_936, 32, -1n],
  ['1.2', 8, 32, 2n],
  ['1.2', 1856 + 1960 + 1936, 64, 6n],
  ['1.2', 2_008_904, 32, -1n],
  ['1.2', 2_008_908, 32, 0n],
  ['1.2', 2_008_920, 64, 1n],
];

const sizes: Readonly<Record<LayoutName, number>> = {
  'pre-v0': 804_681,
  v0: 1_197_897,
  1.1: 2_008_953,
  '1.1-shifted': 2_008_985,
  1.2: 2_008_953,
};

let root: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hami-files-'));
  mkdirSync(join(root, 'container'));
  file = join(root, 'container', 'x.cache');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function wordAt(offset: number, bits: 32 | 64): bigint {
  const bytes = readFileSync(file);
  return bits === 64 ? bytes.readBigUInt64LE(offset) : BigInt(bytes.readInt32LE(offset));
}

describe('layouts', () => {
  test.each(Object.keys(LAYOUTS) as LayoutName[])('%s has its size, is sparse, and is recognised again', (layout) => {
    writeUsageFile(file, layout, content);
    const status = statSync(file);
    expect(status.size).toBe(sizes[layout]);
    expect(status.blocks * 512).toBeLessThan(100_000);
    expect(status.mode & 0o777).toBe(0o666);
    expect(readLayout(file).name).toBe(layout);
  });

  test.each(places)('%s keeps offset %i (%i bits) = %i', (layout, offset, bits, value) => {
    writeUsageFile(file, layout, content);
    expect(wordAt(offset, bits)).toBe(value);
  });
});

describe('writing', () => {
  test('an SM limit nobody asked for is stored as 100 in all sixteen places', () => {
    writeUsageFile(file, '1.2', { devices: [{ uuid: 'GPU-51000000-0000-4000-8000-00000000aaaa' }] });
    expect(wordAt(1728, 64)).toBe(100n);
    expect(wordAt(1728 + 15 * 8, 64)).toBe(100n);
  });

  test('a second write keeps the inode and what lies beyond the new process count', () => {
    writeUsageFile(file, '1.2', content);
    const { ino } = statSync(file);
    writeUsageFile(file, '1.2', { ...content, processes: content.processes?.slice(0, 1) ?? [] });
    expect(statSync(file).ino).toBe(ino);
    expect(wordAt(2_008_896, 32)).toBe(1n);
    expect(wordAt(1856 + 1960 + 4, 32)).toBe(4009n);
  });

  test('what does not fit is refused', () => {
    const device = content.devices[0] ?? { uuid: '' };
    expect(() => writeUsageFile(file, '1.2', { devices: Array(17).fill(device) })).toThrow(/at most 16 devices/);
    expect(() => writeUsageFile(file, '1.2', { devices: [{ uuid: 'x'.repeat(97) }] })).toThrow(/at most 96 bytes/);
    expect(() => writeUsageFile(file, 'v0', content)).not.toThrow();
    expect(() => patchUsageFile(file, { lastKernelUnixSeconds: 1 })).toThrow(/v0 has no field/);
  });
});

describe('damage', () => {
  test.each(Object.keys(USAGE_DAMAGES))('%s changes the file, its name, or what lies beside it', (kind) => {
    writeUsageFile(file, '1.2', content);
    const before = {
      bytes: readFileSync(file),
      status: lstatSync(file),
      names: readdirSync(join(root, 'container')),
    };
    damageUsageFile(file, kind);
    const status = lstatSync(file);
    const names = readdirSync(join(root, 'container'));
    const changed =
      status.mode !== before.status.mode ||
      status.size !== before.status.size ||
      names.length !== before.names.length ||
      !readFileSync(file).equals(before.bytes);
    expect(changed).toBe(true);
    expect(names).toContain('x.cache');
  });

  test('wrapped counters are just below 2^64, the device count is 4e9, the process count -1', () => {
    writeUsageFile(file, '1.2', content);
    damageUsageFile(file, 'wrapped-counters');
    expect(wordAt(1856 + 8 + 32, 64)).toBe(18_446_744_073_705_357_312n);
    damageUsageFile(file, 'device-count-huge');
    expect(wordAt(56, 64)).toBe(4_000_000_000n);
    damageUsageFile(file, 'process-count-negative');
    expect(wordAt(2_008_896, 32)).toBe(-1n);
  });

  test('a fifo is a fifo and a symlink points to a good file', () => {
    writeUsageFile(file, '1.2', content);
    damageUsageFile(file, 'symlink');
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readLayout(file).name).toBe('1.2');
    rmSync(file);
    writeUsageFile(file, '1.2', content);
    damageUsageFile(file, 'fifo');
    expect(lstatSync(file).isFIFO()).toBe(true);
  });

  test('an unknown kind is refused with the known ones', () => {
    writeUsageFile(file, '1.2', content);
    expect(() => damageUsageFile(file, 'toString')).toThrow(/expected one of .*truncated/);
  });
});

test('the README names every layout and every kind of damage, and no others', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../simulator/host/README.md'), 'utf8');
  const [, layouts = '', damages = ''] =
    /Layouts: ([^.]*(?:\.[^ ][^.]*)*)\. Kinds of damage: ([\s\S]*?)\.\n/.exec(readme) ?? [];
  const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  expect(quoted(layouts).sort()).toEqual(Object.keys(LAYOUTS).sort());
  expect(quoted(damages).sort()).toEqual(Object.keys(USAGE_DAMAGES).sort());
});

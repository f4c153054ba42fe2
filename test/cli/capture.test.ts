import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { anonymised, type CaptureLine, parseCapture } from '../../src/cli/capture-lines.js';
import { Pseudonyms } from '../../src/cli/pseudonyms.js';
import { runCommand } from './surroundings.js';

vi.setConfig({ testTimeout: 60_000 });
const folder = mkdtempSync(join(tmpdir(), 'gna-cli-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sampler = fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url));
const settings = (node: SimulatedNode) => [...node.flags(), `--sampler.path=${sampler}`];
const make = (name: string, scenario: string) =>
  createNode(join(folder, name), { scenario, seed: 9, frozenClock: true });

describe('capture', () => {
  const node = make('hami', 't4-hami');
  const file = join(folder, 'host.capture');

  it('records the host, tells how far it is, and sums up', async () => {
    const { code, out, err } = await runCommand(['capture', file, '--json', ...settings(node)]);
    expect(JSON.parse(out)).toMatchObject({ file, complete: true, driver: true, unfinished: [], replaced: {} });
    expect(code).toBe(0);
    expect(err).toContain('GPU 4 of 4');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const records = parseCapture(readFileSync(file, 'utf8'));
    expect(records[1]).toMatchObject({ record: 'agent', node: process.versions.node });
  });

  it('never replaces a file', async () => {
    const before = readFileSync(file, 'utf8');
    const { code, err } = await runCommand(['capture', file, ...settings(node)]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is there already') });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('says what did not come back, and keeps what did', async () => {
    const hung = make('hung', 'rtx-desk');
    hung.fault({ function: 'nvmlDeviceGetName', gpu: 1, hang: 'killable' });
    const { code, out } = await runCommand([
      'capture',
      join(folder, 'hung.capture'),
      ...settings(hung),
      '--sampler.deadline-slow=1s',
    ]);
    expect(code).toBe(1);
    expect(out).toContain('nvmlDeviceGetName of GPU 1 did not come back');
    expect(parseCapture(readFileSync(join(folder, 'hung.capture'), 'utf8')).length).toBeGreaterThan(300);
  });

  it('says why nothing was recorded', async () => {
    const { code, err } = await runCommand(['capture', join(folder, 'x'), '--sampler.path=/nowhere/sampler']);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('/nowhere/sampler') });
  });
});

describe('an anonymised capture', () => {
  const node = make('gb', 'gb200');
  const shares = make('shares', 't4-hami');

  async function both(
    from: SimulatedNode,
    name: string,
  ): Promise<{ plain: CaptureLine[]; other: CaptureLine[]; text: string }> {
    const [plain, other] = [join(folder, `${name}.plain`), join(folder, `${name}.other`)];
    await runCommand(['capture', plain, ...settings(from)]);
    const { code, err } = await runCommand(['capture', other, '--input', plain, '--anonymise']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const text = readFileSync(other, 'utf8');
    return { plain: parseCapture(readFileSync(plain, 'utf8')), other: parseCapture(text), text };
  }

  const filled = (lines: CaptureLine[], name: string) =>
    lines
      .filter(({ function: called, bytes }) => called === name && Array.isArray(bytes))
      .map(({ bytes }) => Buffer.from((bytes as string[])[0] as string, 'hex'));
  const textOf = (bytes: Buffer) => bytes.toString('latin1').replace(/\0.*$/s, '');

  it('has no original left, neither as text nor in raw bytes', async () => {
    const { plain, text } = await both(node, 'gb');
    const originals = [
      ...filled(plain, 'nvmlDeviceGetUUID').map(textOf),
      ...filled(plain, 'nvmlDeviceGetSerial').map(textOf),
      ...filled(plain, 'nvmlDeviceGetPlatformInfo').map((bytes) => textOf(bytes.subarray(20, 36))),
    ];
    expect(new Set(originals).size).toBeGreaterThan(8);
    const lower = text.toLowerCase();
    for (const original of originals) {
      expect(lower).not.toContain(original.toLowerCase().replace(/^(gpu|mig)-/, ''));
      expect(lower).not.toContain(Buffer.from(original).toString('hex'));
    }
    const clusters = filled(plain, 'nvmlDeviceGetGpuFabricInfoV').map((bytes) => bytes.subarray(4, 20).toString('hex'));
    const guids = filled(plain, 'nvmlDeviceGetPlatformInfo').map((bytes) => bytes.subarray(4, 20).toString('hex'));
    expect(clusters.length).toBeGreaterThan(0);
    for (const original of [...clusters, ...guids]) expect(lower).not.toContain(original);
    const host = plain.find(({ record }) => record === 'system')?.host_name as string;
    expect(JSON.parse(text.split('\n').find((line) => line.includes('"record":"system"')) ?? '{}').host_name).toBe(
      'host-name-1',
    );
    expect(host).not.toBe('host-name-1');
  });

  it('keeps what belongs together, and what tells boards apart', async () => {
    const { plain, other } = await both(shares, 'shares');
    const uuids = filled(other, 'nvmlDeviceGetUUID').map(textOf);
    expect(new Set(uuids).size).toBe(4);
    for (const uuid of uuids) expect(uuid).toMatch(/^GPU-a0000000-0000-4000-8000-\d{12}$/);
    const information = other
      .filter(({ path }) => String(path).endsWith('/information'))
      .map(({ text }) => String(text));
    for (const [index, text] of information.entries()) expect(text).toContain(uuids[index] ?? 'none');
    expect(filled(other, 'nvmlDeviceGetName')).toEqual(filled(plain, 'nvmlDeviceGetName'));
    expect(filled(other, 'nvmlDeviceGetPciInfo_v3')).toEqual(filled(plain, 'nvmlDeviceGetPciInfo_v3'));
    expect(other[0]).toMatchObject({ anonymised: true });
    expect(other).toHaveLength(plain.length);
  });

  it('names processes anew, the same one alike in every list', async () => {
    const { plain, other } = await both(make('mps', 'a100-mps'), 'mps');
    const pids = (lines: CaptureLine[]) =>
      lines
        .filter(({ record, entry_bytes: bytes }) => record === 'processes' && Number(bytes) > 0)
        .flatMap(({ bytes, entry_bytes: stride }) => {
          const list = Buffer.from((bytes as string[])[0] as string, 'hex');
          return Array.from({ length: list.length / Number(stride) }, (_, n) => list.readUInt32LE(n * Number(stride)));
        });
    const [before, after] = [pids(plain), pids(other)];
    expect(before.length).toBeGreaterThan(3);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(new Set(after).size).toBe(new Set(before).size);
    for (const [index, pid] of before.entries()) {
      expect(after[index]).toBe(after[before.indexOf(pid)]);
    }
  });

  it('names no container', async () => {
    const { plain, text } = await both(shares, 'containers');
    const names = plain.filter(({ root }) => root === 'hami').map(({ path }) => String(path).split('/')[0] ?? '');
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(text).not.toContain(name);
  });

  it('is not written where an original would be left', () => {
    const lines: CaptureLine[] = [
      { record: 'capture', format: 'gpu-node-capture/1' },
      {
        record: 'answer',
        function: 'nvmlDeviceGetSerial',
        gpu: 0,
        bytes: [Buffer.from('1324821083810\0').toString('hex')],
      },
      { record: 'new-kind', deep: { inside: 'board 1324821083810' } },
    ];
    expect(() => anonymised(lines)).toThrow('1 originals');
  });
});

describe('pseudonyms', () => {
  it('take short names for words, and long ones wherever they stand', () => {
    const names = new Pseudonyms();
    names.learn('host name', 'vm');
    names.learn('serial', '1324821083810');
    expect(names.inText('vm: nvml of x1324821083810y')).toBe('host-name-1: nvml of x0000000000001y');
    expect(names.leftIn('nvml')).toEqual([]);
    expect(names.leftIn(`a ${Buffer.from('1324821083810').toString('hex')}`)).toEqual(['1324821083810']);
  });

  it('find UUIDs in either case and without their prefix', () => {
    const names = new Pseudonyms();
    names.learnUuids('GPU-51000000-0000-4000-8000-00000001000A');
    const [upper, lower] = names
      .inText('MIG-GPU-51000000-0000-4000-8000-00000001000A/1/0 51000000-0000-4000-8000-00000001000a')
      .split(' ');
    expect(upper).toBe(`MIG-GPU-${lower}/1/0`);
  });

  it('is no capture: refused with what came', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, '{"record":"note"}\n');
    const { code, err } = await runCommand(['capture', join(folder, 'y'), '--input', other]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('gpu-node-capture/1') });
  });
});

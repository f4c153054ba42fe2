import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCapture } from '../../simulator/capture/capture-file.mjs';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gna-damaged-'));
  path = join(folder, 'host.capture');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const answer = { record: 'answer', function: 'nvmlDeviceGetName', gpu: 0, code: 0, bytes: ['00'] };
const list = { record: 'processes', function: 'nvmlDeviceGetComputeRunningProcesses_v3', gpu: 0, code: 0 };

test.each([
  ['a function with a line break', { ...answer, function: 'nvmlX\n# y: 1' }, 'answer.function: expected the name'],
  ['an index that is no whole number', { ...answer, gpu: 0.5 }, 'answer.gpu: expected nothing or a whole number'],
  ['half a byte', { ...answer, bytes: ['abc'] }, 'answer.bytes: expected nothing or a list, each hexadecimal'],
  ['fewer bytes than entries', { ...list, count: 2, entry_bytes: 8, bytes: ['00'] }, 'expected 2 entries of 8 bytes'],
  [
    'a version that is a path',
    { record: 'library', version: '../../x' },
    'library.version: expected nothing or a version',
  ],
  ['no record', 'nvml', 'expected an object with its kind in "record"'],
])('%s is refused with its line', (_name, record, message) => {
  writeFileSync(path, `{"record":"capture","format":"gpu-node-capture/1"}\n${JSON.stringify(record)}\n`);
  expect(() => readCapture(path)).toThrow(`${path}:2: `);
  expect(() => readCapture(path)).toThrow(message);
});

test('a file larger than any capture is not read', () => {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 28 + 1);
  expect(() => readCapture(path)).toThrow('expected a capture of at most 268435456 bytes, got 268435457');
});

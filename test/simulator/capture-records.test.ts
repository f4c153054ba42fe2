import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCapture } from '../../simulator/capture/capture-file.mjs';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gna-records-'));
  file = join(folder, 'host.capture');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = { record: 'capture', format: 'gpu-node-capture/1' };
const answer = { record: 'answer', function: 'nvmlDeviceGetName', gpu: 0, code: 0, bytes: ['4100'] };
const processes = {
  record: 'processes',
  function: 'nvmlDeviceGetComputeRunningProcesses_v3',
  gpu: 0,
  code: 0,
  count: 1,
  entry_bytes: 4,
  bytes: ['01020304'],
};
const read = (...records: unknown[]) => {
  writeFileSync(file, [HEAD, ...records].map((one) => `${JSON.stringify(one)}\n`).join(''));
  return readCapture(file);
};

test('what a host answered is taken as it is, with members nobody knows', () => {
  const capture = read({ ...answer, later: 1 }, processes, { record: 'from_tomorrow', function: 5 });
  expect(capture.answers).toMatchObject([{ function: 'nvmlDeviceGetName', gpu: 0, code: 0 }]);
  expect(capture.processes[0]?.bytes).toEqual(Buffer.from([1, 2, 3, 4]));
});

test.each([
  [{ ...answer, function: 'nvmlA\nb' }, 'answer.function: expected the name of a function, nvml…, got "nvmlA\\nb"'],
  [{ ...answer, gpu: -1 }, 'answer.gpu: expected nothing or a whole number from 0 to 255, got -1'],
  [{ ...answer, code: 'x' }, 'answer.code: expected a whole number from 0 to 4294967295, got "x"'],
  [{ ...answer, arguments: [1.5] }, 'answer.arguments: expected nothing or a list, each a whole number from'],
  [{ ...answer, bytes: ['4'] }, 'answer.bytes: expected nothing or a list, each hexadecimal digits, two for a byte'],
  [{ ...processes, count: 2 }, 'processes.bytes: expected 2 entries of 4 bytes, got 4 bytes in all'],
  [{ ...processes, count: 2 ** 30 }, 'processes.count: expected nothing or a whole number from 0 to 1048576'],
  [{ record: 'library', version: '../../x' }, 'library.version: expected nothing or a version such as 580.65.06'],
  [
    { record: 'library', symbols: ['system'] },
    'library.symbols: expected nothing or a list, each the name of a function',
  ],
  [{ record: 'system', host_name: 'a\nb: c' }, 'system.host_name: expected nothing or a host name, got "a\\nb: c"'],
  [
    { record: 'fields', gpu: 0, scope: 0, code: 0, values: [[1, 2, 'zz']] },
    'fields.values: expected nothing or a list',
  ],
  [{ record: 'activity', gpu: 0, code: 0, metrics: 7 }, 'activity.metrics: expected nothing or a list'],
  [{ record: 'file', root: 'etc', path: 'x' }, 'file.root: expected sysfs, procfs, dev or hami, got "etc"'],
  [[1], 'expected an object with its kind in "record", got [1]'],
  [null, 'expected an object with its kind in "record", got null'],
])('%j is refused with its line', (record, message) => {
  expect(() => read(answer, record)).toThrow(`${file}:3: ${message}`);
});

test('a file that is too large is not read', () => {
  writeFileSync(file, '');
  truncateSync(file, 2 ** 28 + 1);
  expect(() => readCapture(file)).toThrow('expected a capture of at most 268435456 bytes, got 268435457');
});

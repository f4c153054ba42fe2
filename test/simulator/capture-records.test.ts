import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCapture } from '../../simulator/capture/capture-file.mjs';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gna-records-'));
  path = join(folder, 'host.capture');
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
const samples = {
  record: 'samples',
  function: 'nvmlDeviceGetSamples',
  gpu: 0,
  arguments: [1],
  code: 0,
  value_type: 1,
  count: 1,
  entry_bytes: 16,
  bytes: ['00'.repeat(16)],
};
const version = (said: string) => ({
  ...answer,
  function: 'nvmlSystemGetDriverVersion',
  gpu: undefined,
  bytes: [Buffer.from(`${said}\0`).toString('hex')],
});
const file = { record: 'file', root: 'sysfs', path: 'bus/pci/devices/x' };
const read = (...records: unknown[]) => {
  writeFileSync(path, [HEAD, ...records].map((one) => `${JSON.stringify(one)}\n`).join(''));
  return readCapture(path);
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
  [{ ...answer, nanoseconds: [5] }, 'answer.nanoseconds: expected nothing or a whole number from'],
  [version('../../x'), 'answer.bytes: expected a driver version such as 580.65.06, got "../../x"'],
  [version(''), 'answer.bytes: expected a driver version such as 580.65.06, got ""'],
  [{ ...samples, gpu: undefined }, 'samples.gpu: expected a whole number from 0 to 255, got nothing'],
  [{ ...samples, function: 'system' }, 'samples.function: expected the name of a function, nvml…, got "system"'],
  [{ ...samples, arguments: undefined }, 'samples.arguments: expected a list, each a whole number from'],
  [{ ...samples, value_type: -1 }, 'samples.value_type: expected nothing or a whole number from'],
  [{ ...samples, count: 2 }, 'samples.bytes: expected 2 entries of 16 bytes, got 16 bytes in all'],
  [{ ...file, path: '../x' }, 'file.path: expected a path that stays inside its tree, got "../x"'],
  [{ ...file, path: '/etc/x' }, 'file.path: expected a path that stays inside its tree, got "/etc/x"'],
  [{ ...file, link: '/etc' }, 'file.link: expected a relative link inside its tree, got "/etc"'],
  [{ ...file, link: '../../../../x' }, 'file.link: expected a relative link inside its tree, got "../../../../x"'],
  [{ record: 'file', root: 'etc', path: 'x' }, 'file.root: expected sysfs, procfs, dev or hami, got "etc"'],
  [[1], 'expected an object with its kind in "record", got [1]'],
  [null, 'expected an object with its kind in "record", got null'],
])('%j is refused with its line', (record, message) => {
  expect(() => read(answer, record)).toThrow(`${path}:3: ${message}`);
});

test('a refusal says what to do', () => {
  const remedy = 'Correct the line as docs/captures.md describes it, or record the host again.';
  expect(() => read({ ...answer, code: 'x' })).toThrow(remedy);
  writeFileSync(path, `${JSON.stringify(HEAD)}\n{"record":\n{}\n`);
  expect(() => readCapture(path)).toThrow(`${path}:2: expected an object in JSON. ${remedy}`);
  writeFileSync(path, '');
  expect(() => readCapture(path)).toThrow('got none. Record the host with the gpu-node-agent of this version.');
});

test('samples that a host gave or refused are taken', () => {
  expect(read(samples, { ...samples, code: 3, count: undefined, bytes: undefined }).samples).toHaveLength(2);
});

test('a file that is too large is not read', () => {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 28 + 1);
  expect(() => readCapture(path)).toThrow('expected a capture of at most 268435456 bytes, got 268435457');
});

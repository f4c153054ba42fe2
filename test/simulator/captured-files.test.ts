import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layOver } from '../../simulator/host/captured-files.mjs';
import { createNode } from '../../simulator/node.mjs';
import { loadScenario } from '../../simulator/state/scenario.mjs';

let folder = '';
let host = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gna-files-'));
  host = join(folder, 'host');
  mkdirSync(join(folder, 'outside'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const link = (path: string, target: string) => ({ root: 'sysfs', path, link: target }) as const;
const text = (path: string) => ({ root: 'sysfs', path, text: 'written' }) as const;

test('files and links inside the tree are laid out, also through a link', () => {
  layOver(host, [link('bus/pci/devices/x', '../../../devices/pci/x'), text('bus/pci/devices/x/vendor')]);
  expect(readlinkSync(join(host, 'sys/bus/pci/devices/x'))).toBe('../../../devices/pci/x');
  expect(readFileSync(join(host, 'sys/devices/pci/x/vendor'), 'utf8')).toBe('written');
});

test('an absolute link is refused: what follows would be written wherever it leads', () => {
  const outside = join(folder, 'outside');
  expect(() => layOver(host, [link('x', outside), text('x/file')])).toThrow(
    `host.files: expected a relative link inside its tree, got ${outside}`,
  );
  expect(existsSync(join(outside, 'file'))).toBe(false);
});

test('a link that leads out only through another one is not followed', () => {
  // p/q/r is a shallow folder: from there ../../.. is not where the words say.
  const files = [link('p/q/r', '../../a'), link('p/q/r/l', '../../..'), text('p/q/r/l/outside/file')];
  expect(() => layOver(host, files)).toThrow(/^host\.files: expected a path inside its tree, got /);
  expect(existsSync(join(folder, 'outside/file'))).toBe(false);
});

test.each(['../x', '/etc/x'])('the path %s is refused', (path) => {
  expect(() => layOver(host, [text(path)])).toThrow(`host.files: expected a path inside its tree, got ${path}`);
});

test('when one file is refused, none is written', () => {
  expect(() => layOver(host, [text('a/b'), text('../x')])).toThrow('got ../x');
  expect(existsSync(host)).toBe(false);
});

test.each([false, true])(
  'a node with a file that leads out is not made, and leaves nothing (directory there: %s)',
  (there) => {
    const scenario = loadScenario('rtx-desk');
    const files = [link('p/q/r', '../../a'), link('p/q/r/l', '../../..'), text('p/q/r/l/outside/file')];
    if (there) mkdirSync(host);
    const make = () => createNode(host, { scenario: { ...scenario, host: { ...scenario.host, files } } });
    expect(make).toThrow(/^host\.files: expected a path inside its tree, got /);
    expect(existsSync(host) ? readdirSync(host) : undefined).toEqual(there ? [] : undefined);
  },
);
